use zeroize::Zeroize as _;

/// Bytes of a value outside its seal. Wiped when dropped and whenever they move to a larger place.
#[derive(Default)]
pub struct Plain(Vec<u8>);

impl Plain {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    pub(crate) fn zeroed(length: usize) -> Self {
        Self(vec![0; length])
    }

    pub(crate) fn copied(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Adds bytes.
    pub fn extend(&mut self, bytes: &[u8]) {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Vec::with_capacity(needed.max(self.0.capacity() * 2));
            larger.extend_from_slice(&self.0);
            self.0.zeroize();
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    /// Leaves the first `length` bytes; the others are wiped.
    pub(crate) fn truncate(&mut self, length: usize) {
        if let Some(rest) = self.0.get_mut(length..) {
            rest.zeroize();
        }
        self.0.truncate(length);
    }

    /// The bytes after the first `count`.
    pub(crate) fn without_first(mut self, count: usize) -> Self {
        if count > 0 {
            let start = count.min(self.0.len());
            self.0.copy_within(start.., 0);
            self.truncate(self.0.len() - start);
        }
        self
    }

    /// Gives the bytes away: wiping them is now up to the caller.
    pub fn into_vec(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        // Whatever was beyond the length was wiped when it was left.
        self.0.as_mut_slice().zeroize();
    }
}

impl postcard::ser_flavors::Flavor for &mut Plain {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        Plain::extend(self, &[byte]);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        Plain::extend(self, bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
