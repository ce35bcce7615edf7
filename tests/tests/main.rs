//! Black-box scenarios and the rules of the house, in one binary so that they link once.

mod architecture;
mod books;
mod faults;
