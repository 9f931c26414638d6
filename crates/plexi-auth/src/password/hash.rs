//! Argon2id over memory that is lent, in PHC strings.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq as _;

use crate::config::AuthConfig;
use crate::error::{AuthError, StoreError};

/// Bytes of a salt.
pub(super) const SALT: usize = 16;
/// Bytes of a hash.
pub(super) const OUTPUT: usize = 32;
/// A stored hash that asks for more than 1 GiB was not written by us.
const MAX_STORED_MEMORY_KIB: u32 = 1 << 20;
const MAX_STORED_ITERATIONS: u32 = 64;

/// How passwords are hashed today.
pub(super) struct Recipe {
    params: Params,
    decoy: String,
}

impl Recipe {
    /// The recipe of a configuration. `decoy` are random bytes for the hash of nobody's password.
    pub fn new(config: &AuthConfig, decoy: [u8; SALT + OUTPUT]) -> Result<Self, AuthError> {
        let params = Params::new(config.argon2_memory_kib, config.argon2_iterations, 1, Some(OUTPUT))
            .map_err(|error| AuthError::Crypto(error.to_string()))?;
        let (salt, output) = decoy.split_at(SALT);
        let decoy = phc(&params, salt, output)?;
        Ok(Self { params, decoy })
    }

    /// A hash that no password has, of today's parameters.
    pub fn decoy(&self) -> &str {
        &self.decoy
    }

    /// Whether a stored hash has today's parameters.
    pub fn is_present(&self, stored: &str) -> bool {
        parse(stored).is_ok_and(|hash| {
            hash.salt.len() == SALT
                && hash.output.len() == OUTPUT
                && hash.params.m_cost() == self.params.m_cost()
                && hash.params.t_cost() == self.params.t_cost()
                && hash.params.p_cost() == self.params.p_cost()
        })
    }

    /// Hashes a password.
    pub fn hash(
        &self,
        password: &[u8],
        salt: [u8; SALT],
        memory: &mut Vec<Block>,
    ) -> Result<String, AuthError> {
        let mut output = [0; OUTPUT];
        run(&self.params, password, &salt, &mut output, memory)?;
        phc(&self.params, &salt, &output)
    }

    /// Whether a password has this hash.
    #[expect(clippy::unused_self, reason = "reads as the counterpart of hash")]
    pub fn verify(&self, password: &[u8], stored: &str, memory: &mut Vec<Block>) -> Result<bool, AuthError> {
        let hash = parse(stored)?;
        let mut output = vec![0; hash.output.len()];
        run(&hash.params, password, &hash.salt, &mut output, memory)?;
        Ok(output.ct_eq(hash.output.as_bytes()).into())
    }
}

/// The parts of a stored hash.
struct Stored {
    params: Params,
    salt: Salt,
    output: Output,
}

fn parse(stored: &str) -> Result<Stored, AuthError> {
    let corrupt = || AuthError::Store(StoreError::Corrupt("password hash".to_owned()));
    let hash = PasswordHash::new(stored).map_err(|_| corrupt())?;
    let params = Params::try_from(&hash).map_err(|_| corrupt())?;
    let plain = hash.algorithm.as_str() == Algorithm::Argon2id.as_str()
        && hash.version == Some(Version::V0x13.into())
        && params.m_cost() <= MAX_STORED_MEMORY_KIB
        && params.t_cost() <= MAX_STORED_ITERATIONS;
    match (hash.salt, hash.hash) {
        (Some(salt), Some(output)) if plain => Ok(Stored { params, salt, output }),
        _ => Err(corrupt()),
    }
}

fn run(
    params: &Params,
    password: &[u8],
    salt: &[u8],
    output: &mut [u8],
    memory: &mut Vec<Block>,
) -> Result<(), AuthError> {
    let blocks = params.block_count();
    if memory.len() < blocks {
        memory.resize(blocks, Block::new());
    }
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    argon
        .hash_password_into_with_memory(password, salt, output, &mut memory[..blocks])
        .map_err(|error| AuthError::Crypto(error.to_string()))
}

fn phc(params: &Params, salt: &[u8], output: &[u8]) -> Result<String, AuthError> {
    let failed = |_| AuthError::Crypto("password hash cannot be written".to_owned());
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(|error| AuthError::Crypto(error.to_string()))?,
        salt: Some(Salt::new(salt).map_err(failed)?),
        hash: Some(Output::new(output).map_err(failed)?),
    };
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(memory: u32) -> Recipe {
        let config = AuthConfig { argon2_memory_kib: memory, ..AuthConfig::default() };
        Recipe::new(&config, [7; SALT + OUTPUT]).unwrap()
    }

    #[test]
    fn a_hash_knows_its_password_and_no_other() {
        let (recipe, mut memory) = (recipe(64), Vec::new());
        let hash = recipe.hash(b"plum tree by the old canal", [1; SALT], &mut memory).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
        assert!(recipe.verify(b"plum tree by the old canal", &hash, &mut memory).unwrap());
        assert!(!recipe.verify(b"plum tree by the new canal", &hash, &mut memory).unwrap());
        assert!(!recipe.verify(b"plum tree by the old canal", recipe.decoy(), &mut memory).unwrap());
    }

    #[test]
    fn a_hash_of_former_parameters_is_still_checked_and_known_as_such() {
        let (old, new, mut memory) = (recipe(64), recipe(128), Vec::new());
        let hash = old.hash(b"plum tree by the old canal", [1; SALT], &mut memory).unwrap();
        assert!(new.verify(b"plum tree by the old canal", &hash, &mut memory).unwrap());
        assert!(old.is_present(&hash) && !new.is_present(&hash));
        assert!(new.is_present(new.decoy()), "what an unknown name costs is what a known one costs");
    }

    #[test]
    fn a_stored_hash_that_we_did_not_write_is_corrupt_and_costs_nothing() {
        let (recipe, mut memory) = (recipe(64), Vec::new());
        let huge = "$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        for stored in ["", "secret", "$2b$10$abc", huge] {
            let refused = recipe.verify(b"x", stored, &mut memory);
            assert!(matches!(refused, Err(AuthError::Store(StoreError::Corrupt(_)))), "{stored}");
        }
        assert!(memory.is_empty());
    }
}
