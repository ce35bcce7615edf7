//! The table and keys.

hello::hello!(aws_sdk_dynamodb.get_item(table_name: "none"), aws_sdk_kms.decrypt());
