//! The table, keys and text messages.

hello::hello!(aws_sdk_dynamodb.get_item(table_name: "none"), aws_sdk_kms.decrypt(), aws_sdk_sns.publish());
