//! The table and objects.

hello::hello!(aws_sdk_dynamodb.get_item(table_name: "none"), aws_sdk_s3.put_object(bucket: "none", key: "none"));
