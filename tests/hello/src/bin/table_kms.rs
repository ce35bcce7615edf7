//! The table and keys.

hello::hello!(aws_sdk_dynamodb.get_item, aws_sdk_kms.decrypt);
