//! Attributes of who is signed in at the console.

/// A session, whose own key holds the hash of its id.
pub mod session {
    item! { "session":
        SUBJECT = "se_sub", Text, "Who: the subject of their sign-in.";
        EMAIL = "se_email", Text, "Their address, where the issuer verified it.";
        CALLED = "se_name", Text, "What they are called, where it is known.";
        TENANT = "se_tenant", Text, "The tenant that the sign-in claimed. Absent where it claimed none.";
        ROLE = "se_role", Text, "The role that the sign-in claimed. Absent where it claimed none.";
        CHOSEN = "se_chosen", Text, "The tenant that they chose since. Absent before.";
        AGENT = "se_agent", Text, "What the browser called itself, shortened.";
        BEGAN_AT = "se_began", Millis, "When it began.";
        SEEN_AT = "se_seen", Millis, "When it was last used, to five minutes.";
        UNTIL = "se_until", Millis, "Until when it is good, unless it is used.";
    }
}

/// That a session is a person's, whose own key holds its hash.
pub mod session_of {
    item! { "session_of":
        BEGAN_AT = "so_began", Millis, "When it began.";
    }
}
