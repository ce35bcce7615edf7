//! The table and a queue.

hello::hello!(aws_sdk_dynamodb.get_item(table_name: "none"), aws_sdk_sqs.send_message());
