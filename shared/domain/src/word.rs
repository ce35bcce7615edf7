//! Stored words: enums that the table keeps as one word each, with a variant for a word of a later release.
//!
//! Such a word is read, kept byte for byte and treated as the most careful case; nothing here makes one. What people and sources say goes
//! through [`known`] and its kin, or through lists of the connectors' own, and is refused where this release does not know it.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Most bytes of a word of a later release; a longer one does not read.
pub const LATER_BYTES_MAX: usize = 31;

/// A word that this release does not know. It is `Copy`, so that the enums that hold it are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaterWord {
    bytes: [u8; LATER_BYTES_MAX],
    length: u8,
}

impl LaterWord {
    /// The word, where it is one: 1 to [`LATER_BYTES_MAX`] bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let length = u8::try_from(text.len()).ok().filter(|length| *length > 0)?;
        let mut bytes = [0; LATER_BYTES_MAX];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self { bytes, length })
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        let text = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        std::str::from_utf8(text).unwrap_or_default()
    }
}

impl fmt::Debug for LaterWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for LaterWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for LaterWord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for LaterWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = LaterWord;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a word of 1 to {LATER_BYTES_MAX} bytes")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<LaterWord, E> {
                LaterWord::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// An enum of stored words.
pub trait Word: Copy {
    /// The words of this release.
    const WORDS: &'static [&'static str];

    /// What a word stands for; `None` for a text that is no word at all.
    fn read(text: &str) -> Option<Self>;

    /// The text form.
    fn word(&self) -> &str;

    /// Whether it is a word of a later release.
    fn is_later(&self) -> bool;

    /// What a word of this release stands for: for what somebody says now.
    fn of_this_release(text: &str) -> Option<Self> {
        Self::read(text).filter(|word| !word.is_later())
    }
}

/// Makes an enum of stored words, with one for words of later releases: `as_str`, the table's form and [`Word`] from one list.
macro_rules! stored_words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$each])* $variant,)+
            /// A word of a later release: kept as it is, treated as the most careful case.
            Later($crate::word::LaterWord),
        }

        impl $name {
            /// The text form, as the table, the API and events have it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Later(word) => word.as_str(),
                }
            }

            /// Whether it is a word of a later release.
            pub fn is_later(&self) -> bool {
                matches!(self, Self::Later(_))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::word::Word for $name {
            const WORDS: &'static [&'static str] = &[$($word),+];

            fn read(text: &str) -> Option<Self> {
                match text {
                    $($word => Some(Self::$variant),)+
                    later => $crate::word::LaterWord::parse(later).map(Self::Later),
                }
            }

            fn word(&self) -> &str {
                self.as_str()
            }

            fn is_later(&self) -> bool {
                Self::is_later(self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::word::deserialize(deserializer)
            }
        }
    };
}
pub(crate) use stored_words;

/// Reads a stored word, those of later releases too.
///
/// # Errors
///
/// What is no text, empty, or longer than [`LATER_BYTES_MAX`].
pub fn deserialize<'de, W: Word, D: Deserializer<'de>>(deserializer: D) -> Result<W, D::Error> {
    struct Visitor<W>(std::marker::PhantomData<W>);
    impl<W: Word> de::Visitor<'_> for Visitor<W> {
        type Value = W;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a word of 1 to {LATER_BYTES_MAX} bytes")
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<W, E> {
            W::read(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }
    deserializer.deserialize_str(Visitor(std::marker::PhantomData))
}

/// A word that this release knows, read from what somebody says now.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Known<W>(W);

impl<'de, W: Word> Deserialize<'de> for Known<W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        W::of_this_release(&text).map(Known).ok_or_else(|| de::Error::unknown_variant(&text, W::WORDS))
    }
}

/// For `deserialize_with`: a word of this release, for what somebody says now and for settings, workflows and templates, of which
/// nothing may be passed over.
///
/// # Errors
///
/// Any other word, with those that there are.
pub fn known<'de, W: Word, D: Deserializer<'de>>(deserializer: D) -> Result<W, D::Error> {
    Known::deserialize(deserializer).map(|Known(word)| word)
}

/// [`known`] of what may be left out.
///
/// # Errors
///
/// Those of [`known`].
pub fn known_if_any<'de, W: Word, D: Deserializer<'de>>(deserializer: D) -> Result<Option<W>, D::Error> {
    Ok(Option::<Known<W>>::deserialize(deserializer)?.map(|Known(word)| word))
}

/// [`known`] of each of a list.
///
/// # Errors
///
/// Those of [`known`].
pub fn known_each<'de, W: Word, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<W>, D::Error> {
    Ok(Vec::<Known<W>>::deserialize(deserializer)?.into_iter().map(|Known(word)| word).collect())
}

/// [`known`] of each key of a map.
///
/// # Errors
///
/// Those of [`known`].
pub fn known_keys<'de, W: Word + Ord, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<W, T>, D::Error> {
    Ok(BTreeMap::<Known<W>, T>::deserialize(deserializer)?.into_iter().map(|(Known(word), value)| (word, value)).collect())
}

#[cfg(test)]
mod tests;
