//! Attributes of who may call: members, invitations, keys of machines, their rates, and requests that are carried out once.

/// One of a tenant's people; `rev` as of every document.
pub mod member {
    item! { "member":
        SUBJECT = "mb_sub", Text, "Who: the subject of their sign-in.";
        EMAIL = "mb_email", Text, "Their address, where it is known.";
        EMAIL_VERIFIED = "mb_email_verified", Flag, "Whether they came by an invitation to that address. Absent where they did not.";
        CALLED = "mb_name", Text, "What they are called, where it is known.";
        SIGNATURE = "mb_signature", Text, "How mails in their name are signed, line by line. Absent where they are signed with the name.";
        ROLE = "mb_role", Text, "`viewer`, `collector`, `manager` or `admin`.";
        ADDED_AT = "mb_added_at", Millis, "When they became a member.";
        ADDED_BY = "mb_added_by", Text, "Who made them one: the subject of that person's sign-in.";
        REMOVED_AT = "mb_removed_at", Millis, "Since when they are refused. Absent while they are a member.";
        SEEN_AT = "mb_seen_at", Millis, "When they last called, to the day.";
    }
}

/// How many of a tenant's members are admins.
pub mod admins {
    item! { "admins":
        COUNT = "ad_count", Number, "How many.";
    }
}

/// Which tenants somebody is a member of: an item each.
pub mod membership {
    item! { "membership":
        ROLE = "ms_role", Text, "As what.";
    }
}

/// An invitation that nobody has accepted yet.
pub mod invitation {
    item! { "invitation":
        EMAIL = "iv_email", Text, "Whom: their address in lower case.";
        CALLED = "iv_name", Text, "What they are called, where it is known.";
        ROLE = "iv_role", Text, "As what.";
        INVITED_AT = "iv_at", Millis, "When.";
        INVITED_BY = "iv_by", Text, "By whom: the subject of that person's sign-in.";
        UNTIL = "iv_until", Millis, "Until when it can be accepted.";
    }
}

/// A key of a machine; `rev` as of every document.
pub mod api_key {
    item! { "api_key":
        CALLED = "ky_name", Text, "What people call it.";
        ROLE = "ky_role", Text, "The role that it has at most.";
        SCOPES = "ky_scopes", Json, "The groups of operations that it opens.";
        HASH = "ky_hash", Text, "SHA-256 of its secret, in hexadecimal digits.";
        HASH_BEFORE = "ky_hash_before", Text, "The same of the secret before.";
        BEFORE_UNTIL = "ky_before_until", Millis, "Until when the secret before is accepted.";
        MADE_AT = "ky_made_at", Millis, "When it was made.";
        MADE_BY = "ky_made_by", Text, "Who made it.";
        USED_AT = "ky_used_at", Millis, "When it was last used, to the hour. Absent before.";
        REVOKED_AT = "ky_revoked_at", Millis, "Since when it opens nothing. Absent while it does.";
    }
}

/// A subscription of an outside system to events; `rev` as of every document.
pub mod subscription {
    item! { "subscription":
        CALLED = "sb_name", Text, "What people call it. Absent where it has no name.";
        URL = "sb_url", Text, "Where events are to go.";
        EVENTS = "sb_events", Json, "The kinds of events.";
        ENABLED = "sb_enabled", Flag, "Whether it is in use.";
        SECRET = "sb_secret", Bytes, "The secret that signs events, sealed.";
        SECRET_BEFORE = "sb_secret_before", Bytes, "The same of the secret before.";
        BEFORE_UNTIL = "sb_before_until", Millis, "Until when the secret before is kept.";
        MADE_AT = "sb_made_at", Millis, "When it was made.";
        MADE_BY = "sb_made_by", Text, "Who made it.";
        ENDED_AT = "sb_ended_at", Millis, "When it ended without a person. Absent unless it did.";
        ENDED_BECAUSE = "sb_ended_because", Text, "Why: `gone` or `failing`. Absent unless it did.";
    }
}

/// How often somebody called within a minute.
pub mod rate {
    item! { "rate":
        CALLS = "rt_calls", Number, "How often.";
    }
}

/// A request that is carried out once.
pub mod once {
    item! { "once":
        REQUEST = "on_request", Text, "SHA-256 of what was asked for, in hexadecimal digits.";
        ATTEMPT = "on_attempt", Text, "The attempt that it belongs to.";
        BEGAN_AT = "on_at", Millis, "When that began.";
        ANSWER = "on_answer", Bytes, "What was answered, sealed. Absent until it was, and where it was not kept.";
        OVER = "on_over", Flag, "Whether it was carried out whole.";
    }
}
