//! Notices to people of the tenant, and the channels that some of them go to.

/// A notice; `doc` is what it tells of, in ids, and to whom.
pub mod notice {
    item! { "notice":
        TAKEN_AT = "nt_taken_at", Millis, "When its sender took it, before it calls anybody. Absent while it is queued.";
        TRIES = "nt_tries", Number, "How often it was taken.";
        STATUS = "nt_status", Text, "What came of it: `done`, `failed`, `blocked`, `superseded` or `unknown`. Absent until its sender knows.";
        STATUS_AT = "nt_status_at", Millis, "Since when it has its status.";
        BECAUSE = "nt_because", Text, "Why it was not sent, or why nobody knows; never an address.";
    }
}

/// A channel that notices go to; `rev` as of every document.
pub mod notice_channel {
    item! { "notice_channel":
        URL = "nc_url", Bytes, "Its address, sealed: whoever has it can write there.";
        ENTERED_AT = "nc_at", Millis, "When it was entered.";
        ENTERED_BY = "nc_by", Text, "By whom: the subject of that person's sign-in.";
        FAILED = "nc_failed", Number, "How often in a row it refused what it was sent. Absent while it takes it.";
        GONE_AT = "nc_gone_at", Millis, "Since when nothing is sent there any more. Absent while something is.";
    }
}
