//! Attributes of what is known of people besides the profile: what they did, when they were contacted, their addresses and portal links.

/// What a person did.
pub mod audit {
    item! { "audit":
        AT = "au_at", Millis, "When.";
        BY = "au_by", Text, "Who: the subject of their sign-in; empty where it has none.";
        ROLE = "au_role", Text, "As what: `viewer`, `collector`, `manager`, `admin` or `operator`.";
        OPERATION = "au_op", Text, "What they did: the name of the operation, as in the API document.";
        OBJECT = "au_of", Text, "To what: an id or a name. Absent where the operation has one object only.";
        CUSTOMER = "au_cus", Text, "The customer whose matter it is. Absent when it is no customer's.";
        WHAT = "au_what", Json, "What changed by it, by name.";
        NOTE = "au_note", Text, "What they said of it.";
        PREVIOUS = "au_prev", Text, "SHA-256 of the entry before it about the same customer, or about none, URL-safe base 64; empty for the first.";
        PREVIOUS_AT = "au_prev_at", Text, "Sort key of that entry.";
        TIP = "au_tip", Text, "Of the tip of a chain: SHA-256 of its last entry.";
        TIP_AT = "au_tip_at", Text, "Of the tip of a chain: sort key of its last entry.";
    }
}

/// When a person was contacted; `rev` as of every document.
pub mod person {
    item! { "person":
        LOG = "clog", Json, "The contacts of the last 60 days that left, or may have: seconds since 1970, channel, message, customer, case.";
        SHADOW = "slog", Json, "The same of those that shadow mode would have sent.";
    }
}

/// What is known of an address, whose own key is a digest of it; `doc` and `rev` as of every document.
pub mod address {
    item! { "address":
        CHANNEL = "ad_channel", Text, "On which channel it must not be used. Absent in items of older releases.";
        SHOWN = "ad_shown", Text, "Enough of it for people to know it by: `a…@acme.example`, `…678`.";
        SAID = "ad_said", Text, "What the person said who entered it.";
        BESIDE = "ad_beside", Text, "`bounce` or `complaint`, where an opt-out stands in the place of that. Absent otherwise.";
        CEASED_WITH = "ad_with", Json, "Of somebody who asked for no contact at all: digests of the addresses, and the customers, where that was written down with it.";
    }
}

/// A portal link of a customer, whose own key holds a digest of the address; and the item that says whose the link of a code is.
pub mod link {
    item! { "link":
        ID = "lk_id", Text, "The link's id: a digest of its code.";
        GENERATION = "lk_gen", Number, "Counts the codes of the address, of which the last one alone opens anything.";
        EARLIER = "lk_earlier", Json, "The ids of the codes before it. Absent where there are none.";
        EARLIER_REVOKED = "lk_earlier_void", Json, "Those of the earlier ids whose link a person made void. Absent where there are none.";
        CHANNEL = "lk_channel", Text, "The channel of the address.";
        CONTACT = "lk_contact", Text, "The contact's external id when the code was made.";
        PERSON = "lk_person", Text, "The person who that was: what their digest begins with.";
        SHOWN = "lk_shown", Text, "Enough of the address for people to know it by.";
        MADE_AT = "lk_made", Millis, "When the code was made.";
        EXPIRES_AT = "lk_until", Millis, "From then on it opens nothing.";
        REVOKED_AT = "lk_revoked", Millis, "When a person made it void. Absent otherwise.";
        TENANT = "tenant", Text, "Where it says whose a link is: the tenant.";
        CUSTOMER = "customer", Text, "Where it says whose a link is: the customer.";
        ADDRESS = "lk_address", Text, "Where it says whose a link is: the digest of the address.";
    }
}
