//! Attributes of events that go to subscriptions.

/// An event that goes to a subscription; `doc` is what is said of it.
pub mod event_delivery {
    item! { "event_delivery":
        KIND_OF = "dl_kind", Text, "The kind of event.";
        POSITION = "dl_position", Number, "Its place in the lane, counted from 0.";
        STATUS = "dl_status", Text, "`waiting`, `delivered`, `given_up` or `kept`.";
        MADE_AT = "dl_made_at", Millis, "When it was first queued.";
        QUEUED_AT = "dl_queued_at", Millis, "When it was queued last: first, or by a replay.";
        TRIES = "dl_tries", Number, "How often it was tried since then. Absent before the first.";
        TRIED_AT = "dl_tried_at", Millis, "When it was tried last. Absent before the first.";
        NEXT_AT = "dl_next_at", Millis, "When it is tried again. Absent unless a try failed.";
        ANSWER = "dl_answer", Number, "The HTTP status of the last try. Absent where there was none.";
        WHY = "dl_why", Text, "Why the last try failed, or why it was given up. Absent otherwise.";
        ENDED_AT = "dl_ended_at", Millis, "When it was delivered or given up. Absent while it waits.";
        REPLAYS = "dl_replays", Number, "How often it was replayed. Absent while it was not.";
    }
}

/// A lane: what is delivered to one subscription in its order.
pub mod lane {
    item! { "lane":
        NEXT = "ln_next", Number, "The place that the next event gets.";
        TOUCHED = "ln_touched", Number, "Counts what was queued and replayed.";
        HOLDER = "ln_holder", Text, "Who works on it: a fresh text for every attempt. Absent while nobody does.";
        HELD_UNTIL = "ln_held_until", Millis, "Until when at most.";
    }
}

/// How the deliveries of a subscription fare; the item is there while they fail.
pub mod delivery_health {
    item! { "delivery_health":
        FAILING_SINCE = "dh_since", Millis, "When the first try failed after the last that did not.";
        FAILURES = "dh_failures", Number, "How many tries failed since then.";
        REST_UNTIL = "dh_rest_until", Millis, "Until when the subscriber is left alone. Absent while failures were few.";
    }
}

/// What is to be replayed of a subscription.
pub mod delivery_replay {
    item! { "delivery_replay":
        FROM = "dr_from", Text, "The place in the log behind which it goes on. Absent where deliveries are named.";
        THESE = "dr_these", Json, "The ids of deliveries. Absent where all since an instant are meant.";
        UNTIL = "dr_until", Millis, "When it was asked for: what was queued later is not replayed.";
    }
}
