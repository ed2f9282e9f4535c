//! Connections: a name is looked up once, each address is judged, and only those are dialled.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use hyper_util::rt::TokioIo;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use tokio::net::TcpStream;
use tokio::time::{timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};
use url::Host;

use super::connection::{self, Connection};
use super::pace::{Pace, SERVER_CONNECTIONS_MAX, Seat, Traffic};
use super::{Broken, HttpLimits};
use crate::domain::origin::Origin;

/// IPv4 that is not the internet: this network, private, shared by carriers, loopback, link-local
/// with the clouds' metadata, protocols, documentation, relays, benchmarks, multicast, reserved; and
/// the one address of a cloud's own service that looks public.
const SPECIAL_V4: [Ipv4Net; 16] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([168, 63, 129, 16], 32),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
];

/// The part of IPv6 that is the internet. Loopback, unique-local, link-local, multicast and what
/// stands for an IPv4 address (mapped, NAT64) lie outside.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0], 3);

/// Within it, what is not: protocols with Teredo, documentation, 6to4.
const SPECIAL_V6: [Ipv6Net; 4] = [
    v6([0x2001, 0, 0, 0], 23),
    v6([0x2001, 0xdb8, 0, 0], 32),
    v6([0x2002, 0, 0, 0], 16),
    v6([0x3fff, 0, 0, 0], 20),
];

/// The network as this host reaches it. Clones share it, the connections and the pace.
#[derive(Debug, Clone)]
pub struct Network {
    allowed: Arc<[IpNet]>,
    resolver: Resolver,
    trust: Arc<OnceLock<Arc<RootCertStore>>>,
    traffic: Arc<Traffic>,
    pub(super) pace: Arc<Pace>,
}

/// Who knows the addresses of a name.
#[derive(Clone)]
enum Resolver {
    /// The machine.
    System,
    /// Somebody else.
    Other(Arc<Lookup>),
}

/// Gives the addresses of a name.
type Lookup = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

impl Network {
    /// The machine's network: what lies in the internet, and in `allowed`.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self {
            allowed: allowed.into(),
            resolver: Resolver::System,
            trust: Arc::default(),
            traffic: Arc::new(Traffic::new(SERVER_CONNECTIONS_MAX)),
            pace: Arc::default(),
        }
    }

    /// The same network, in which names mean what `lookup` says instead of the machine.
    #[must_use]
    pub fn with_resolver(
        self,
        lookup: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static,
    ) -> Self {
        Self { resolver: Resolver::Other(Arc::new(lookup)), ..self }
    }

    /// The same network, with so many connections to one server at a time.
    #[must_use]
    pub fn with_connections(self, server_connections_max: usize) -> Self {
        Self { traffic: Arc::new(Traffic::new(server_connections_max)), ..self }
    }

    /// The same network at the pace of a datasource, which all its instances share.
    #[must_use]
    pub fn of(&self, datasource: &str) -> Self {
        Self { pace: self.traffic.pace(datasource), ..self.clone() }
    }

    /// The same network, with one certificate that is trusted.
    #[cfg(test)]
    pub(super) fn trusting(self, certificate: &'static [u8]) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates([certificate.into()]);
        Self { trust: Arc::new(Arc::new(roots).into()), ..self }
    }

    /// Waits until there may be one more connection to a server.
    pub(super) async fn seat(&self, origin: &Origin, deadline: Instant) -> Result<Seat, Broken> {
        let seat = timeout_at(deadline.into(), self.traffic.seat(origin)).await;
        seat.map_err(|_| {
            let most = self.traffic.connections_max();
            Broken::unsent(format!(
                "connections: at most {most} to {origin} at a time, and none became free in time"
            ))
        })
    }

    /// Whether somebody waits for a connection to a server.
    pub(super) fn is_wanted(&self, origin: &Origin) -> bool {
        self.traffic.is_wanted(origin)
    }

    /// A connection to the server at `origin`. Whatever goes wrong, nothing was asked of it.
    pub(super) async fn connect(
        &self,
        origin: &Origin,
        seat: Seat,
        limits: &HttpLimits,
    ) -> Result<Connection, Broken> {
        let mut failed = None;
        let most = limits.connect_time_max;
        for address in self.addresses(origin).await? {
            match timeout(most, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return self.speak(origin, seat, stream, limits).await,
                Ok(Err(error)) => failed = Some(error.to_string()),
                Err(_) => {
                    let text =
                        format!("connect time: more than {most:?} (http_connect_time_ms_max)");
                    failed = Some(text);
                }
            }
        }
        let why = failed.unwrap_or_else(|| "its name has no address".to_owned());
        Err(Broken::unsent(format!("{origin} cannot be connected to: {why}")))
    }

    /// What may be dialled: the very addresses that were judged, so that a name that means another
    /// address a moment later gains nothing.
    async fn addresses(&self, origin: &Origin) -> Result<Vec<SocketAddr>, Broken> {
        let all = match origin.host() {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => self.resolver.addresses(name).await.map_err(|error| {
                Broken::unsent(format!("the name of {origin} has no address: {error}"))
            })?,
        };
        let refused = all.iter().find(|address| !self.may_reach(**address)).copied();
        let mut may: Vec<_> = all.into_iter().filter(|address| self.may_reach(*address)).collect();
        may.dedup();
        match refused {
            Some(address) if may.is_empty() => Err(Broken::Denied(format!(
                "{origin} lies at {address}, which is not in the internet: an operator has to allow \
                 that network, as with --allow-network {}",
                IpNet::from(address)
            ))),
            _ => Ok(may.into_iter().map(|it| SocketAddr::new(it, origin.port())).collect()),
        }
    }

    pub(super) fn may_reach(&self, address: IpAddr) -> bool {
        let global = match address {
            IpAddr::V4(it) => !SPECIAL_V4.iter().any(|special| special.contains(&it)),
            IpAddr::V6(it) => {
                GLOBAL_V6.contains(&it) && !SPECIAL_V6.iter().any(|special| special.contains(&it))
            }
        };
        global || self.allowed.iter().any(|network| network.contains(&address))
    }

    async fn speak(
        &self,
        origin: &Origin,
        seat: Seat,
        stream: TcpStream,
        limits: &HttpLimits,
    ) -> Result<Connection, Broken> {
        let unsent = |error: &dyn std::fmt::Display| {
            Broken::unsent(format!("{origin} did not begin to speak: {error}"))
        };
        // Costs a little where it fails, and nothing else.
        let _ = stream.set_nodelay(true);
        if !origin.secure() {
            let begun = connection::begin(origin, seat, TokioIo::new(stream), limits).await;
            return begun.map_err(|error| unsent(&error));
        }
        let name =
            ServerName::try_from(origin.host().to_string().trim_matches(['[', ']']).to_owned());
        let name = name.map_err(|error| unsent(&error))?;
        let connector = self.connector().map_err(|error| unsent(&error))?;
        let stream = connector.connect(name, stream).await.map_err(|error| unsent(&error))?;
        let begun = connection::begin(origin, seat, TokioIo::new(stream), limits).await;
        begun.map_err(|error| unsent(&error))
    }

    /// Sessions are not resumed: what one organisation began would show at another's connection.
    fn connector(&self) -> Result<TlsConnector, rustls::Error> {
        let roots = Arc::clone(self.trust.get_or_init(|| Arc::new(machine_roots())));
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config).into())
    }
}

impl Resolver {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        match self {
            Self::System => {
                let found = tokio::net::lookup_host((name, 0)).await?;
                Ok(found.map(|address| address.ip()).collect())
            }
            Self::Other(lookup) => lookup(name),
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::System => "System",
            Self::Other(_) => "Other(…)",
        })
    }
}

/// What cannot be read is left out: a server that would need it is then not trusted.
fn machine_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        tracing::warn!("this machine trusts no authority, so that no https can be reached");
    }
    roots
}

const fn v4(address: [u8; 4], length: u8) -> Ipv4Net {
    let [a, b, c, d] = address;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6(address: [u16; 4], length: u8) -> Ipv6Net {
    let [a, b, c, d] = address;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), length)
}
