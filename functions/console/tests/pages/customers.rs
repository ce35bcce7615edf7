//! The list of customers.

use crate::browser::Console;

#[tokio::test]
async fn a_tenant_without_customers_is_told_where_they_come_from() {
    let console = Console::new().await;
    let viewer = console.as_role("viewer").await;
    console
        .get(&viewer, "/console/customers")
        .await
        .is(200)
        .says("There are no customers yet.")
        .says("<a href=\"&#x2f;console&#x2f;customers\" data-letter=\"c\" aria-current=\"page\">Customers</a>");
    console.get(&viewer, "/console/customers?q=nobody").await.is(200).says("No customer is found.").says("value=\"nobody\"");
}

#[tokio::test]
async fn what_does_not_read_is_said_on_a_page() {
    let console = Console::new().await;
    let viewer = console.as_role("viewer").await;
    console.get(&viewer, "/console/customers?sort=colour").await.is(422).says("a list is sorted by one of");
    console.get(&viewer, &format!("/console/customers?cursor={}", "A".repeat(80))).await.is(422).says("The list has moved on");
    console.get(&viewer, "/console/customers?q=a").await.is(422).says("a search has 2 to 200 characters");
}
