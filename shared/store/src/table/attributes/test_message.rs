//! A test message to somebody of the tenant's own, `doc` is what it says; and how many there were in an hour.

item! { "test_message":
    TAKEN_AT = "tm_taken_at", Millis, "When its sender took it, which sends it once.";
    OUTCOME = "tm_outcome", Text, "What came of it: `sent`, `failed` or `unknown`. Absent until its sender knows.";
    FAILED_BECAUSE = "tm_because", Text, "Why it did not leave, or why nobody knows; never an address.";
    COUNT = "tm_count", Number, "Of an hour: how many were asked for.";
}
