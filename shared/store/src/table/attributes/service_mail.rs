//! A service mail of a customer, `doc` is what was asked for; and what became of it.

item! { "service_mail":
    TAKEN_AT = "sm_taken_at", Millis, "When its sender took it, before the provider is called. Absent while it is queued.";
    TRIES = "sm_tries", Number, "How often it was taken.";
    STATUS = "sm_status", Text, "What came of it: `sent`, `failed`, `blocked`, `unknown`, or the loudest word of its provider. Absent until its sender knows.";
    STATUS_AT = "sm_status_at", Millis, "Since when it has its status.";
    BECAUSE = "sm_because", Text, "Why it did not leave, or why nobody knows; never an address.";
    PROVIDER_ID = "sm_pid", Text, "The provider's id of it.";
}
