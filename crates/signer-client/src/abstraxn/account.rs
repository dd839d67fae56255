//! One identity: its key, its token, and how it signs in and stays so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use signer_core::p256::VerifyingKey;
use signer_protocols::abstraxn::AccessKey;
use signer_protocols::abstraxn::wire::{CreateRequest, CreateResponse, TokenResponse};
use tokio::time::Instant;
use tracing::Instrument;

use super::client::{Identity, conflict, is_same};
use crate::error::{Error, Kind};
use crate::store::TokenStore;
use crate::token::{ServedToken, Token, TokenCache, TokenKey, TokenSource};
use crate::transport::{
    Answer, Call, Outgoing, Repeat, Transport, after, bearer, in_time, json, secret_header,
    secret_json,
};

pub(super) const ORGANIZATION: &str = "organization_id";
pub(super) const WALLET: &str = "wallet_address";
const PUBLIC_KEY: &str = "public_key";

/// What all identities of a client share.
pub(super) struct Door {
    pub(super) transport: Transport,
    pub(super) api_key: (&'static str, HeaderValue),
    pub(super) sign_in_again: bool,
    pub(super) quorum_key: VerifyingKey,
}

pub(super) struct Account {
    pub(super) door: Arc<Door>,
    name: String,
    pub(super) key: Arc<AccessKey>,
    pub(super) public_key: String,
    tokens: TokenCache,
    /// Whether its key was given, and may be wrong until it has signed in.
    is_given: bool,
    signed_in: AtomicBool,
}

impl Door {
    /// Posts to a route, with what is given as the session's.
    async fn post(
        &self,
        deadline: Instant,
        route: &'static str,
        repeat: Repeat<'_>,
        session: Option<(HeaderName, &SecretString)>,
        body: Option<&Bytes>,
    ) -> Result<Answer, Error> {
        let url = self.transport.base().join(route.split('/').skip(1), &[])?;
        let call = Call { method: Method::POST, url: &url, route, repeat };
        let name = HeaderName::from_static(self.api_key.0);
        let mut headers = HeaderMap::from_iter([(name, self.api_key.1.clone())]);
        if let Some((name, value)) = session {
            headers
                .insert(name, secret_header(value, "the service gave a token that is no header")?);
        }
        let outgoing = || Ok(Outgoing { headers: headers.clone(), json: body.cloned() });
        self.transport.call_until(deadline, &call, outgoing).await
    }

    fn deadline(&self) -> Instant {
        after(Instant::now(), self.transport.total())
    }

    /// What sends nothing by itself, within the deadline of a call.
    pub(super) async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        in_time(self.deadline(), LATE, work).await
    }
}

const LATE: &str = "the call did not end in time";

impl Account {
    pub(super) fn new(
        door: Arc<Door>,
        identity: Identity,
        key: AccessKey,
        token_key: TokenKey,
        store: Arc<dyn TokenStore>,
    ) -> Self {
        let (name, key) = (identity.name.clone(), Arc::new(key));
        let is_given = identity.access_key.is_some();
        let source = SignIn { door: Arc::clone(&door), identity, key: Arc::clone(&key) };
        let tokens = TokenCache::new(token_key, store, source);
        let public_key = key.public_key().compressed();
        let signed_in = AtomicBool::new(false);
        Self { door, name, key, public_key, tokens, is_given, signed_in }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether its key was good once.
    pub(super) fn has_signed_in(&self) -> bool {
        self.signed_in.load(Ordering::Relaxed)
    }

    /// Whether a token is held here, good or not.
    pub(super) fn has_token(&self) -> bool {
        self.tokens.held().is_some()
    }

    /// Whether it is the account of who gives this key, or none.
    pub(super) fn serves(&self, given: Option<&SecretString>) -> bool {
        match given {
            Some(given) => is_same(given, &self.key.to_text()),
            // A key that was mistyped does not stay.
            None => self.has_signed_in() || !self.is_given,
        }
    }

    /// The token that is good now and needs nobody.
    pub(super) fn fresh(&self) -> Option<ServedToken> {
        self.tokens.fresh().filter(|_| self.has_signed_in())
    }

    /// The token that is stored, or a new one. A session that cannot be refreshed any more is begun anew.
    pub(super) async fn sign_in(&self) -> Result<ServedToken, Error> {
        let token = match self.tokens.token().await {
            // Where it was a session that could not go on, the next begins anew; else this is the same error.
            Err(error) if is_final(&error) => self.tokens.token().await,
            token => token,
        }?;
        match token.token().label(PUBLIC_KEY) {
            Some(key) if key != self.public_key => Err(conflict(self.name())),
            _ => {
                self.signed_in.store(true, Ordering::Relaxed);
                Ok(token)
            }
        }
    }

    /// Takes up the token that is stored, or the one after it where it has ended.
    pub(super) async fn resume(&self) -> Result<(), Error> {
        self.tokens.token().await.map(drop)
    }

    /// Makes a call with the session's token; when the service does not accept it, once more with the one after it.
    pub(super) async fn call<B: Serialize>(
        &self,
        route: &'static str,
        repeat: Repeat<'_>,
        body: &B,
    ) -> Result<Answer, Error> {
        // A repetition sends the same bytes, by which the service knows that it is one.
        let body = json(body)?.into();
        self.call_refreshing(self.door.deadline(), route, repeat, Some(&body)).await
    }

    async fn call_refreshing(
        &self,
        deadline: Instant,
        route: &'static str,
        repeat: Repeat<'_>,
        body: Option<&Bytes>,
    ) -> Result<Answer, Error> {
        let mut token = in_time(deadline, LATE, self.tokens.existing())
            .await
            .map_err(|error| self.before_the_call(error, false))?;
        let mut refreshed = false;
        // What an attempt may have done, no later failure takes back.
        let mut unknown = false;
        loop {
            let bearer = bearer(token.token().access());
            let session = Some((AUTHORIZATION, &bearer));
            match self.door.post(deadline, route, repeat, session, body).await {
                Err(error) if error.is_unauthorized() && !refreshed => {
                    (refreshed, unknown) = (true, error.is_outcome_unknown());
                    let next = in_time(deadline, LATE, self.tokens.replace(&token)).await;
                    token = next.map_err(|error| self.before_the_call(error, unknown))?;
                }
                Err(error) if unknown => return Err(error.with_unknown_outcome()),
                answer => return answer,
            }
        }
    }

    /// Tells the service, and forgets the token. Who stops waiting is signed out all the same.
    pub(super) async fn sign_out(self: &Arc<Self>) -> Result<(), Error> {
        let account = Arc::clone(self);
        let done = tokio::spawn(async move { account.end_session().await }.in_current_span());
        let torn = |_| Err(Error::new(Kind::Local, "the runtime ended before the session"));
        self.door.in_time(async { done.await.unwrap_or_else(torn) }).await
    }

    async fn end_session(&self) -> Result<(), Error> {
        // A service that does not answer leaves time to forget the token.
        let deadline = after(Instant::now(), self.door.transport.total() / 4 * 3);
        let told = self.call_refreshing(deadline, "/auth/logout", Repeat::Freely, None).await;
        // Refused for good what would have kept it alive, it has ended by itself.
        let is_over = self.tokens.held().is_none();
        self.tokens.forget().await?;
        match told {
            Err(error) if !is_over && !error.is_unauthorized() => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) async fn settle(&self) {
        self.tokens.settle().await;
    }

    /// Forgets the token, without a word to the service.
    pub(super) async fn forget(&self) -> Result<(), Error> {
        self.tokens.forget().await
    }

    /// A session that has ended is that of an identity; and whatever became of a refresh, the call was not made, unless an
    /// earlier attempt may have been one.
    fn before_the_call(&self, error: Error, unknown: bool) -> Error {
        let error = error.with_outcome_unknown(unknown);
        if error.kind() == Kind::SignedOut { error.about(self.name()) } else { error }
    }
}

/// Whether the service answered, and another try changes nothing.
fn is_final(error: &Error) -> bool {
    matches!(error.kind(), Kind::Status | Kind::Answer) && !error.is_transient()
}

/// How tokens are come by: from the access key, and from the session's cookie.
struct SignIn {
    door: Arc<Door>,
    identity: Identity,
    key: Arc<AccessKey>,
}

impl SignIn {
    async fn begin(&self) -> Result<Token, Error> {
        let create = CreateRequest {
            user_identity: self.identity.name.clone(),
            target_public_key: self.key.public_key().compressed(),
            user_name: self.identity.user_name.clone(),
            user_email: self.identity.user_email.clone(),
        };
        // The same identity with the same key is the same wallet, however often it is said.
        let body = json(&create)?.into();
        let (door, deadline) = (&self.door, self.door.deadline());
        let answer = door.post(deadline, "/auth/create", Repeat::Freely, None, Some(&body));
        let created: CreateResponse = match answer.await {
            Err(error) if error.is_conflict() => {
                return Err(conflict(&self.identity.name).with_status(409).with_code(error.code()));
            }
            answer => answer?.json()?,
        };
        // A code is good once.
        let body = secret_json(&Exchange { login_code: created.login_code.expose_secret() })?;
        let answer =
            door.post(deadline, "/auth/exchange", Repeat::Never, None, Some(&body)).await?;
        let token = read_token(&answer)?.with_cookies(answer.cookies(None));
        let mut token = token.with_label(PUBLIC_KEY, self.key.public_key().compressed());
        if let Some(organization) = created.organization_id {
            token = token.with_label(ORGANIZATION, organization);
        }
        if let Some(address) = created.wallet_address {
            token = token.with_label(WALLET, address);
        }
        Ok(token)
    }

    /// A session's cookie may be good once, so a refresh whose outcome is not known is not repeated.
    async fn refresh(&self, last: &Token) -> Result<Token, Error> {
        let session = last.cookies().map(|cookies| (COOKIE, cookies));
        let answer = self
            .door
            .post(self.door.deadline(), "/auth/refresh", Repeat::Never, session, None)
            .await?;
        let mut token = read_token(&answer)?.with_cookies(answer.cookies(last.cookies()));
        token.labels.clone_from(&last.labels);
        Ok(token)
    }
}

/// A token that is none does not replace one.
fn read_token(answer: &Answer) -> Result<Token, Error> {
    let token: TokenResponse = answer.json()?;
    let access = token.access_token.expose_secret();
    if access.is_empty() || !access.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(answer.unreadable());
    }
    Ok(Token::new(token.access_token))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Exchange<'a> {
    login_code: &'a str,
}

#[async_trait]
impl TokenSource for SignIn {
    /// An answer that is none may have been a gateway's, but what has ended by itself is not waited for.
    fn ends_session(&self, error: &Error, replaced: &Token) -> bool {
        is_final(error) && (error.kind() == Kind::Status || replaced.has_ended())
    }

    /// The other half is for the call that needs the token.
    fn deadline(&self) -> Duration {
        self.door.transport.total() / 2
    }

    async fn fetch(&self, replaced: Option<&Token>) -> Result<Token, Error> {
        match replaced {
            None => self.begin().await,
            Some(last) => match self.refresh(last).await {
                Err(error) if self.door.sign_in_again && self.ends_session(&error, last) => {
                    self.begin().await
                }
                token => token,
            },
        }
    }
}
