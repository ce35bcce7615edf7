//! DynamoDB: the embedded engine, called in process, with every call's capacity counted on the way.

use dynoxide::{Database, DynoxideError, types::ConsumedCapacity};
use http::StatusCode;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use store::inspect::attributes::every::PK;

use super::{Answer, Call, respond};
use crate::{
    engine::Touched,
    lock,
    metrics::{Metrics, Units},
    world::World,
};

const JSON: &str = "application/x-amz-json-1.0";

pub(super) fn perform(world: &World, call: &Call) -> Answer {
    let Ok(body) = std::str::from_utf8(&call.body) else { return refuse("the body is not UTF-8") };
    let (body, wanted) = match ask_for_capacity(body) {
        Ok(asked) => asked,
        Err(message) => return refuse(&message),
    };
    let outcome = dispatch(&world.database, &call.operation, &body);
    match outcome {
        Ok((mut answer, capacities, is_write)) => {
            let kind = if is_write { Units::Write } else { Units::Read };
            let mut metrics = lock(&world.metrics);
            for capacity in &capacities {
                count(&mut metrics, kind, capacity);
            }
            drop(metrics);
            show_capacity(&mut answer, &capacities, wanted.as_deref(), &call.operation);
            note(world, call, &body, &capacities, is_write);
            respond(StatusCode::OK, JSON, answer.to_string())
        }
        Err(error) => {
            let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
            respond(status, JSON, error.to_json())
        }
    }
}

/// Tells the engine what was touched: a write, and what a scheduled function reads.
fn note(world: &World, call: &Call, body: &str, capacities: &[ConsumedCapacity], is_write: bool) {
    let caller = call.caller.as_deref();
    let reader = caller.filter(|caller| !is_write && world.is_scheduled(caller));
    if !is_write && reader.is_none() {
        return;
    }
    let request: Value = serde_json::from_str(body).unwrap_or_default();
    if let Some(reader) = reader {
        return world.note_read(reader, &Touched::read_by(&call.operation, &request, PK));
    }
    let indexes = capacities.iter().flat_map(|capacity| {
        [&capacity.global_secondary_indexes, &capacity.local_secondary_indexes].into_iter().flatten().flatten()
    });
    let paid = indexes.filter(|(_, detail)| detail.capacity_units > 0.0).map(|(name, _)| name.clone());
    world.note_write(caller, &Touched::written_by(&call.operation, &request, PK, paid));
}

fn refuse(message: &str) -> Answer {
    super::json_error(StatusCode::BAD_REQUEST, "com.amazon.coral.service#SerializationException", message)
}

/// Asks for capacity by index, and says what the caller itself asked for.
fn ask_for_capacity(body: &str) -> Result<(String, Option<String>), String> {
    const KEY: &str = "ReturnConsumedCapacity";
    if !body.contains(KEY) {
        let rest = body.trim_start().strip_prefix('{').ok_or("the body is not a JSON object")?;
        let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
        return Ok((format!("{{\"{KEY}\":\"INDEXES\"{comma}{rest}"), None));
    }
    let mut value: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
    let wanted = value.get(KEY).and_then(Value::as_str).map(str::to_owned);
    value[KEY] = Value::from("INDEXES");
    Ok((value.to_string(), wanted))
}

type Outcome = Result<(Value, Vec<ConsumedCapacity>, bool), DynoxideError>;

/// Reads the request, runs it, and takes the capacity out of the answer.
macro_rules! run {
    ($database:ident . $method:ident, $body:ident, $is_write:literal) => {{
        let mut answer = $database.$method(read($body)?)?;
        let capacity = answer.consumed_capacity.take();
        Ok((write(&answer)?, capacity.into_iter().collect_capacities(), $is_write))
    }};
}

fn dispatch(database: &Database, operation: &str, body: &str) -> Outcome {
    match operation {
        "PutItem" => run!(database.put_item, body, true),
        "UpdateItem" => run!(database.update_item, body, true),
        "DeleteItem" => run!(database.delete_item, body, true),
        "GetItem" => run!(database.get_item, body, false),
        "Query" => run!(database.query, body, false),
        "Scan" => run!(database.scan, body, false),
        "BatchGetItem" => run!(database.batch_get_item, body, false),
        "BatchWriteItem" => run!(database.batch_write_item, body, true),
        "TransactWriteItems" => run!(database.transact_write_items, body, true),
        "TransactGetItems" => run!(database.transact_get_items, body, false),
        "DescribeTable" => Ok((write(&database.describe_table(read(body)?)?)?, Vec::new(), false)),
        "ListTables" => Ok((write(&database.list_tables(read(body)?)?)?, Vec::new(), false)),
        _ => Err(DynoxideError::ValidationException(format!("{operation} is not available locally"))),
    }
}

/// One capacity or a list of them, as a list.
trait CollectCapacities {
    fn collect_capacities(self) -> Vec<ConsumedCapacity>;
}

impl<I, T> CollectCapacities for I
where
    I: Iterator<Item = T>,
    T: IntoCapacities,
{
    fn collect_capacities(self) -> Vec<ConsumedCapacity> {
        self.flat_map(IntoCapacities::into_capacities).collect()
    }
}

trait IntoCapacities {
    fn into_capacities(self) -> Vec<ConsumedCapacity>;
}
impl IntoCapacities for ConsumedCapacity {
    fn into_capacities(self) -> Vec<ConsumedCapacity> {
        vec![self]
    }
}
impl IntoCapacities for Vec<ConsumedCapacity> {
    fn into_capacities(self) -> Vec<ConsumedCapacity> {
        self
    }
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, DynoxideError> {
    serde_json::from_str(body).map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

fn write<T: Serialize>(answer: &T) -> Result<Value, DynoxideError> {
    serde_json::to_value(answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

fn count(metrics: &mut Metrics, kind: Units, capacity: &ConsumedCapacity) {
    if let Some(table) = &capacity.table {
        metrics.add_units(kind, "table", table.capacity_units);
    }
    for indexes in [&capacity.global_secondary_indexes, &capacity.local_secondary_indexes].into_iter().flatten() {
        for (name, detail) in indexes {
            metrics.add_units(kind, name, detail.capacity_units);
        }
    }
}

/// Puts the capacity back as far as the caller asked for it.
fn show_capacity(answer: &mut Value, capacities: &[ConsumedCapacity], wanted: Option<&str>, operation: &str) {
    let is_total = match wanted {
        Some("INDEXES") => false,
        Some("TOTAL") => true,
        _ => return,
    };
    let mut shown = Vec::new();
    for capacity in capacities {
        let mut value = serde_json::to_value(capacity).unwrap_or_default();
        if let (true, Some(map)) = (is_total, value.as_object_mut()) {
            map.retain(|key, _| {
                ["TableName", "CapacityUnits", "ReadCapacityUnits", "WriteCapacityUnits"].contains(&key.as_str())
            });
        }
        shown.push(value);
    }
    let is_list = operation.starts_with("Batch") || operation.starts_with("Transact");
    answer["ConsumedCapacity"] = if is_list { Value::Array(shown) } else { shown.pop().unwrap_or_default() };
}
