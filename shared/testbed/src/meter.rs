//! Counts capacity units, call by call.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::{
    config::{ConfigBag, Intercept, RuntimeComponents},
    operation::{
        batch_get_item::{BatchGetItemInput, BatchGetItemOutput},
        get_item::{GetItemInput, GetItemOutput},
        put_item::{PutItemInput, PutItemOutput},
        query::{QueryInput, QueryOutput},
        transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput},
        update_item::{UpdateItemInput, UpdateItemOutput},
    },
    types::{ConsumedCapacity, ReturnConsumedCapacity},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::interceptors::context::{BeforeSerializationInterceptorContextMut, FinalizerInterceptorContextRef},
};

/// Sums the write units and the read units of every call.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<Vec<f64>>>, Arc<Mutex<Vec<f64>>>);

impl Meter {
    /// The write units since it was last asked.
    pub fn take(&self) -> f64 {
        self.0.lock().unwrap().drain(..).sum()
    }
    /// The read units since it was last asked.
    pub fn take_reads(&self) -> f64 {
        self.1.lock().unwrap().drain(..).sum()
    }
    fn note_read<'a>(&self, units: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.1.lock().unwrap().extend(units.into_iter().filter_map(ConsumedCapacity::capacity_units));
    }
    fn note<'a>(&self, units: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.0.lock().unwrap().extend(units.into_iter().filter_map(ConsumedCapacity::capacity_units));
    }
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "meter"
    }
    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let wanted = Some(ReturnConsumedCapacity::Total);
        if let Some(input) = context.input_mut().downcast_mut::<UpdateItemInput>() {
            input.return_consumed_capacity = wanted;
        } else if let Some(input) = context.input_mut().downcast_mut::<PutItemInput>() {
            input.return_consumed_capacity = wanted;
        } else if let Some(input) = context.input_mut().downcast_mut::<TransactWriteItemsInput>() {
            input.return_consumed_capacity = wanted;
        } else if let Some(input) = context.input_mut().downcast_mut::<QueryInput>() {
            input.return_consumed_capacity = wanted;
        } else if let Some(input) = context.input_mut().downcast_mut::<GetItemInput>() {
            input.return_consumed_capacity = wanted;
        } else if let Some(input) = context.input_mut().downcast_mut::<BatchGetItemInput>() {
            input.return_consumed_capacity = wanted;
        }
        Ok(())
    }
    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Ok(output)) = context.output_or_error() else { return Ok(()) };
        if let Some(output) = output.downcast_ref::<UpdateItemOutput>() {
            self.note(output.consumed_capacity());
        } else if let Some(output) = output.downcast_ref::<PutItemOutput>() {
            self.note(output.consumed_capacity());
        } else if let Some(output) = output.downcast_ref::<TransactWriteItemsOutput>() {
            self.note(output.consumed_capacity());
        } else if let Some(output) = output.downcast_ref::<QueryOutput>() {
            self.note_read(output.consumed_capacity());
        } else if let Some(output) = output.downcast_ref::<GetItemOutput>() {
            self.note_read(output.consumed_capacity());
        } else if let Some(output) = output.downcast_ref::<BatchGetItemOutput>() {
            self.note_read(output.consumed_capacity());
        }
        Ok(())
    }
}
