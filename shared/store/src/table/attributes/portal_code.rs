//! The last code that was asked for by a portal link; and when codes, or new links, were asked for lately.

item! { "portal_code":
    REQUEST = "pc_id", Text, "The id of the request. It does not tell the code.";
    DIGEST = "pc_digest", Text, "HMAC-SHA256 of the code under the tenant's key of links, URL-safe base 64: without the key nobody tries codes on it.";
    ASKED_AT = "pc_at", Millis, "When it was asked for.";
    TRIES = "pc_tries", Number, "How often it was tried.";
    ENTERED_AT = "pc_entered", Millis, "When it was entered. Absent before.";
    LATELY = "pc_lately", Json, "Of an address, or a customer: the instants at which something was asked for lately.";
}
