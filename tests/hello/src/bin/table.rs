//! The table.

hello::hello!(aws_sdk_dynamodb.get_item(table_name: "none"));
