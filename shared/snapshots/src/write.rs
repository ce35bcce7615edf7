//! A table's rows as the bytes of a file: Parquet with a schema of its own, compressed by Snappy, which each engine reads.

use std::sync::Arc;

use parquet::{
    basic::Compression,
    data_type::{ByteArray, ByteArrayType, Int64Type},
    errors::ParquetError,
    file::{metadata::KeyValue, properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};

use crate::{
    rows::TableRows,
    tables::{SNAPSHOT_FORM, SnapshotTable},
};

/// Rows of a group: what an engine reads at once.
const GROUP_ROWS: usize = 50_000;

/// The schema, in the text form of Parquet.
pub(crate) fn schema(table: SnapshotTable) -> String {
    let texts = table.texts().iter().map(|name| format!("  REQUIRED BYTE_ARRAY {name} (UTF8);\n"));
    let numbers = table.numbers().iter().map(|name| format!("  REQUIRED INT64 {name};\n"));
    format!("message {} {{\n{}}}\n", table.as_str(), texts.chain(numbers).collect::<String>())
}

/// The file.
pub(crate) fn file(rows: &TableRows) -> Result<Vec<u8>, ParquetError> {
    let schema = Arc::new(parse_message_type(&schema(rows.table))?);
    let form = KeyValue::new("dunlin_snapshot".to_owned(), Some(SNAPSHOT_FORM.to_owned()));
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by("dunlin".to_owned())
        .set_key_value_metadata(Some(vec![form]))
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let mut from = 0;
    while from < rows.len() {
        let until = rows.len().min(from + GROUP_ROWS);
        let mut group = writer.next_row_group()?;
        for texts in &rows.texts {
            let values: Vec<ByteArray> =
                texts[from..until].iter().map(|text| ByteArray::from(text.as_bytes().to_vec())).collect();
            let mut column = group.next_column()?.ok_or_else(too_few)?;
            column.typed::<ByteArrayType>().write_batch(values.as_slice(), None, None)?;
            column.close()?;
        }
        for numbers in &rows.numbers {
            let mut column = group.next_column()?.ok_or_else(too_few)?;
            column.typed::<Int64Type>().write_batch(&numbers[from..until], None, None)?;
            column.close()?;
        }
        group.close()?;
        from = until;
    }
    writer.into_inner()
}

fn too_few() -> ParquetError {
    ParquetError::General("the schema has fewer columns than the rows".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_has_a_schema_with_its_columns_in_order() {
        for table in SnapshotTable::ALL {
            let read = parse_message_type(&schema(table)).unwrap();
            let names: Vec<&str> = read.get_fields().iter().map(|field| field.name()).collect();
            let expected: Vec<&str> = table.texts().iter().chain(table.numbers()).copied().collect();
            assert_eq!(names, expected, "{}", table.as_str());
        }
    }
}
