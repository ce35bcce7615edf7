//! The table, keys and mail.

hello::hello!(aws_sdk_dynamodb.get_item(table_name: "none"), aws_sdk_kms.decrypt(), aws_sdk_sesv2.send_email());
