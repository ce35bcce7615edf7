//! Attributes of baskets.

/// The item that says whose a basket is; the basket itself is a document.
pub mod basket {
    item! { "basket":
        TENANT = "tenant", Text, "Where it says whose a basket is: the tenant.";
        CUSTOMER = "customer", Text, "Where it says whose a basket is: the customer.";
        WRITTEN_INTO = "wb_into", Text, "Of a basket that was paid: the source into whose books it is written. Absent where a person enters it.";
    }
}
