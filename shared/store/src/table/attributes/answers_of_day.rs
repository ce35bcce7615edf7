//! What is counted of answers in a day.

item! { "answers_of_day":
    COUNT = "an_count", Number, "Of a day: how many answers of nobody who is known are kept, or how often a model was asked.";
    FIRST = "an_first", Number, "Of answers of nobody who is known: which of the day the task that counts them now began with, from 1.";
}
