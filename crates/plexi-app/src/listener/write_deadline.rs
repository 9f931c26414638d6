//! A stream whose other end must take what is written.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Fails a write that has waited for `within` without a byte being taken. Reading is never limited: who has nothing to read and
/// nothing to write may be idle for as long as the layers above allow.
#[derive(Debug)]
pub(super) struct WriteDeadline<S> {
    stream: S,
    within: Duration,
    /// Runs while a write waits.
    waits: Option<Pin<Box<Sleep>>>,
}

impl<S> WriteDeadline<S> {
    pub(super) fn new(stream: S, within: Duration) -> Self {
        Self { stream, within, waits: None }
    }

    /// What a write that came to `written` means: something was taken, or the waiting goes on, or it has been too long.
    fn judge(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.waits = None;
            return written;
        }
        self.judge_waiting(cx).map(Err)
    }

    fn judge_waiting(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let within = self.within;
        let waits = self.waits.get_or_insert_with(|| Box::pin(tokio::time::sleep(within)));
        waits.as_mut().poll(cx).map(|()| io::Error::new(io::ErrorKind::TimedOut, "the peer takes nothing"))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WriteDeadline<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteDeadline<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.judge(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.judge(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_flush(cx) {
            // that of a socket is always ready, whatever waits above it: no sign that something was taken
            Poll::Ready(flushed) => Poll::Ready(flushed),
            Poll::Pending => self.judge_waiting(cx).map(Err),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::time::Instant;

    use super::*;

    const WITHIN: Duration = Duration::from_secs(20);

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_fails_the_write_in_time() {
        let (ours, _theirs) = tokio::io::duplex(16);
        let began = Instant::now();
        let failed = WriteDeadline::new(ours, WITHIN).write_all(&[0; 100]).await.unwrap_err();
        assert_eq!((failed.kind(), began.elapsed().as_secs()), (io::ErrorKind::TimedOut, 20));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_slowly_is_served_however_long_it_takes() {
        let (ours, mut theirs) = tokio::io::duplex(16);
        let mut ours = WriteDeadline::new(ours, WITHIN);
        let reads = async {
            let mut all = Vec::new();
            while all.len() < 100 {
                tokio::time::sleep(Duration::from_secs(15)).await;
                let mut some = [0; 16];
                let n = theirs.read(&mut some).await.unwrap();
                all.extend_from_slice(&some[..n]);
            }
            all
        };
        let (written, read) = tokio::join!(ours.write_all(&[7; 100]), reads);
        written.unwrap();
        assert_eq!(read, [7; 100]);
    }

    #[tokio::test(start_paused = true)]
    async fn reading_may_wait_for_ever_also_after_a_write_that_had_to_wait() {
        let (ours, mut theirs) = tokio::io::duplex(16);
        let mut ours = WriteDeadline::new(ours, WITHIN);
        let mut some = [0; 32];
        let (written, read) = tokio::join!(ours.write_all(&[7; 32]), theirs.read_exact(&mut some));
        written.unwrap();
        read.unwrap();
        let silence = tokio::time::timeout(Duration::from_hours(1), ours.read(&mut some)).await;
        assert!(silence.is_err(), "{silence:?}");
        ours.write_all(b"still here").await.unwrap();
    }
}
