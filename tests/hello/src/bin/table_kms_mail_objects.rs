//! The table, keys, mail and objects.

hello::hello!(
    aws_sdk_dynamodb.get_item(table_name: "none"),
    aws_sdk_kms.decrypt(),
    aws_sdk_sesv2.send_email(),
    aws_sdk_s3.put_object(bucket: "none", key: "none"),
);
