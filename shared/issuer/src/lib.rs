//! The issuer of people's tokens: an OpenID Connect issuer, whichever it is.
//!
//! | file | holds |
//! |---|---|
//! | `discovery` | what the issuer's discovery document says: where people sign in, where codes are exchanged, where its keys are |
//! | `key_cache` | the issuer's public keys, kept in memory, and who a token is for: asked by the door of the admin API |
//! | `sign_in` | signing in by the code flow with PKCE, state and nonce: asked by the console |
//!
//! What a token must say is decided in `service::token`. Here is what reaches out for it.

#![warn(missing_docs)]

mod discovery;
mod key_cache;
mod sign_in;

pub use key_cache::{Issuer, NotOpened};
pub use sign_in::{NotSignedIn, SignInClient, SignInFlow};
