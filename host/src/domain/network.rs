//! Networks as an operator lists them.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// Networks, and single addresses as networks of one; with commas between.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

/// A text that lists no networks.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no network, as 10.1.0.0/16 or fd00::/8 is one")]
pub struct BadNetwork(String);

impl Networks {
    /// Each.
    pub fn into_list(self) -> Vec<IpNet> {
        self.0
    }
}

impl FromStr for Networks {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let listed = text.split(',').map(str::trim).filter(|one| !one.is_empty());
        listed.map(network).collect::<Result<_, _>>().map(Self)
    }
}

fn network(text: &str) -> Result<IpNet, BadNetwork> {
    let address = |_| text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(address).map_err(|_| BadNetwork(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_network_of_one_and_an_empty_list_is_none() {
        let list = |text: &str| text.parse::<Networks>().map(Networks::into_list);
        let listed: Vec<_> = list("10.1.0.0/16, 127.0.0.1,::1").unwrap();
        let shown: Vec<_> = listed.iter().map(IpNet::to_string).collect();
        assert_eq!(shown, ["10.1.0.0/16", "127.0.0.1/32", "::1/128"]);
        assert!(list("").unwrap().is_empty());
        for bad in ["10.1.0.0/33", "wells.example", "10.1"] {
            assert!(list(bad).unwrap_err().to_string().contains("is no network"));
        }
    }
}
