//! Attributes of long work.

item! { "job":
    KIND_OF = "jb_kind", Text, "What kind of work.";
    ARGS = "jb_args", Json, "What was asked, as its kind reads it.";
    STATUS = "jb_st", Text, "`queued`, `running`, `done`, `failed` or `cancelled`.";
    BY = "jb_by", Text, "Who asked: the subject of their sign-in.";
    ASKED_AT = "jb_asked", Millis, "When it was asked for.";
    QUEUED_AT = "jb_queued", Millis, "When its slice was queued.";
    DONE = "jb_done", Number, "How much is done, in the kind's own unit.";
    TOTAL = "jb_total", Number, "Of how much. Absent until that is known.";
    SLICE = "jb_slice", Number, "The number of its slice, from 1.";
    TRIES = "jb_tries", Number, "How often in a row its slice was taken up and not ended.";
    HOLDER = "jb_holder", Text, "Who works on it: a fresh text for every attempt.";
    HELD_UNTIL = "jb_until", Millis, "After this whoever works on it counts as dead.";
    CHECKPOINT = "jb_kept", Json, "What its slices have kept.";
    PARTS = "jb_parts", Json, "What its slices left in the bucket for later ones: groups, and how many parts each has.";
    RESULT = "jb_result", Json, "What it came to.";
    RESULT_KEY = "jb_key", Text, "Where in the bucket the file lies that it made.";
    FILE_NAME = "jb_file", Text, "What that file is called.";
    WHY = "jb_why", Text, "Why it failed.";
    ENDED_AT = "jb_ended", Millis, "When it ended.";
}
