//! A published version of a workflow, or its draft; `doc` and `rev` as of every document.

item! { "workflow_text":
    CARRIED = "wt_carried", Json, "Of a version: what became of steps of versions before it, as pairs of ids: the old one, and the one that counts for it here.";
    MIGRATION = "wt_migration", Json, "Of a version: what its publishing said becomes of the steps of running cases; absent where they stay.";
    AGAIN = "wt_again", Number, "Of a version: the one that it is again, where it was rolled back to.";
    PUBLISHED_AT = "wt_published_at", Millis, "Of a version: when it was published.";
    ASKED_BY = "wt_asked_by", Text, "Of a version: who asked for its publishing, where that takes two people.";
    BASE = "wt_base", Number, "Of a draft: the version that was current when it was begun; 0 where there was none.";
    BEGUN_FROM = "wt_from", Text, "Of a draft: what it was begun from, a ready workflow or a version; absent where it was written anew.";
    CHANGED_AT = "wt_changed_at", Millis, "Of a draft: when it was changed.";
    CHANGED_BY = "wt_changed_by", Text, "Of a draft: who changed it.";
    ASKED = "wt_asked", Json, "Of a draft: the publishing that was asked for, where it takes two people: by whom, when, share and migration map.";
}
