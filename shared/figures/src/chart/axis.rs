//! The axis of values: from where to where, with a line at zero and a few round numbers.

/// Fewest steps of an axis.
const STEPS_MIN: i128 = 4;

/// An axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    /// The lowest value: a whole number of steps, zero or below.
    pub(super) low: i128,
    /// The highest: zero or above, and above the lowest.
    pub(super) high: i128,
    /// From one number to the next: 1, 2 or 5 and zeros.
    pub(super) step: i128,
}

impl Axis {
    /// The axis that has all values and zero on it.
    pub(super) fn of(values: impl Iterator<Item = i128>) -> Self {
        let (low, high) = values.fold((0_i128, 0_i128), |(low, high), value| (low.min(value), high.max(value)));
        let span = high.saturating_sub(low).max(1);
        let step = round_step((span / STEPS_MIN).max(1));
        let up = high / step + i128::from(high % step > 0);
        let down = low / step - i128::from(low % step < 0);
        let up = if up == down { up + 1 } else { up };
        Self { low: down * step, high: up * step, step }
    }

    /// Its numbers, the lowest first.
    pub(super) fn ticks(self) -> impl Iterator<Item = i128> {
        let count = (self.high - self.low) / self.step;
        (0..=count).map(move |at| self.low + at * self.step)
    }

    /// Where a value is between the lowest, 0, and the highest, `length`: rounded to the nearest.
    pub(super) fn place(self, value: i128, length: i64) -> i64 {
        let span = self.high - self.low;
        let of = (value.clamp(self.low, self.high) - self.low).saturating_mul(i128::from(length));
        i64::try_from((of + span / 2) / span).unwrap_or(length)
    }
}

/// The largest of 1, 2 and 5 and zeros that is not above a number.
fn round_step(most: i128) -> i128 {
    let mut unit = 1_i128;
    while most / 10 >= unit {
        unit *= 10;
    }
    let of = most / unit;
    unit * if of >= 5 {
        5
    } else if of >= 2 {
        2
    } else {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_always_on_the_axis_and_its_numbers_are_round() {
        for (values, low, high, step) in [
            (vec![], 0, 1, 1),
            (vec![0, 0], 0, 1, 1),
            (vec![1], 0, 1, 1),
            (vec![97_000], 0, 100_000, 20_000),
            (vec![-30, 70], -40, 80, 20),
            (vec![-5], -5, 0, 1),
            (vec![12_345, 99_999], 0, 100_000, 20_000),
        ] {
            let axis = Axis::of(values.iter().copied());
            assert_eq!(axis, Axis { low, high, step }, "{values:?}");
            assert!(axis.ticks().any(|tick| tick == 0) && axis.ticks().count() <= 11, "{values:?}");
        }
        let axis = Axis { low: -40, high: 80, step: 20 };
        assert_eq!([-40, 0, 20, 80, 100].map(|value| axis.place(value, 1_200)), [0, 400, 600, 1_200, 1_200]);
    }
}
