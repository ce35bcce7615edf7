//! What the registry says of a provider.

use std::{fmt, sync::Arc};

use aws_config::SdkConfig;

use crate::{ChannelClient, Outgoing, SendError};

/// The variables of a function, by name; `None` for one that is not set.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A provider: which channel it serves, how it is built, and what is known of its answers.
pub struct Provider {
    /// The channel that it serves. `send-<channel>` is the function that calls it.
    pub channel: domain::Channel,
    /// Its short name, as records and logs show it: `ses`, `sns`.
    pub name: &'static str,
    /// Builds it. It tries each call once: a second try could send twice.
    pub connect: fn(&SdkConfig, Variables<'_>) -> Arc<dyn ChannelClient>,
    /// Most bytes of subject, text and HTML together that it takes. More is refused here, before the call.
    pub bytes_max: usize,
    /// Most bytes of files together that it takes along; 0 where it takes none. More is refused here, too.
    pub attached_bytes_max: u64,
    /// What it is asked and what it answers, for the contract suite.
    pub recorded: Recorded,
}

impl Provider {
    /// Refuses a message that is larger than the provider takes.
    pub(crate) fn check_size(&self, outgoing: &Outgoing) -> Result<(), SendError> {
        let (bytes, bytes_max) = (outgoing.bytes(), self.bytes_max);
        if bytes > bytes_max {
            let detail = format!("the message has {bytes} bytes, and {} takes {bytes_max}", self.name);
            return Err(SendError::Refused { suppress: false, detail });
        }
        let (attached, attached_max) = (outgoing.attached_bytes(), self.attached_bytes_max);
        if attached > attached_max || (attached_max == 0 && !outgoing.attachments.is_empty()) {
            let detail = format!("the files of the message have {attached} bytes, and {} takes {attached_max}", self.name);
            return Err(SendError::Refused { suppress: false, detail });
        }
        Ok(())
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {}", self.name, self.channel)
    }
}

/// What a provider is asked and what it answers, as its documentation has it. The contract suite plays these back on loopback.
///
/// In a body `{to}` stands for the address that the message is for.
#[derive(Clone, Copy, Debug)]
pub struct Recorded {
    /// A sender that it takes.
    pub from: &'static str,
    /// An address that it takes.
    pub to: &'static str,
    /// Addresses that it cannot take: they are refused before the call, and are not to be used again.
    pub malformed: &'static [&'static str],
    /// It took the message, and calls it `accepted-1`.
    pub accepted: HttpAnswer,
    /// It took something, and does not say what.
    pub nameless: HttpAnswer,
    /// It refuses the message for good.
    pub refused: HttpAnswer,
    /// It refuses the address for good; `None` where it says so only later, in a receipt.
    pub refused_address: Option<HttpAnswer>,
    /// It is asked too much of, and did nothing.
    pub throttled: HttpAnswer,
    /// It failed, and does not say what it did.
    pub failed: HttpAnswer,
}

/// An answer over HTTP.
#[derive(Clone, Copy, Debug)]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// Headers, each ended by `\r\n`.
    pub headers: &'static str,
    /// The body.
    pub body: &'static str,
}
