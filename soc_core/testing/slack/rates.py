"""Slack's rate limits: about one post a second and channel, and so many calls a minute of each method."""

import threading

import attrs

PER_MINUTE = {"chat.update": 50, "conversations.history": 50, "conversations.replies": 50, "users.info": 100}


@attrs.define(kw_only=True)
class Rates:
    """Counts calls. Who calls again before the time he was given is noted in `early`.

    Args:
        posts: Posts a second in one channel.
        burst: Posts that may come at once.
    """

    posts: float = 1.0
    burst: int = 5
    early: list[str] = attrs.field(factory=list)
    _tokens: dict[str, tuple[float, float]] = attrs.field(factory=dict)
    _closed: dict[str, float] = attrs.field(factory=dict)
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def wait(self, method: str, channel: str | None, now: float) -> float:
        """How many seconds a call has to wait; 0 takes it."""
        key, rate, burst = self._limit(method, channel)
        if rate is None:
            return 0.0
        with self._lock:
            if now < self._closed.get(key, 0.0) - 1e-3:
                self.early.append(key)
            tokens, since = self._tokens.get(key, (float(burst), now))
            tokens = min(float(burst), tokens + (now - since) * rate)
            if tokens >= 1:
                self._tokens[key] = (tokens - 1, now)
                return 0.0
            self._tokens[key] = (tokens, now)
            wait = (1 - tokens) / rate
            self._closed[key] = now + wait
            return wait

    def _limit(self, method: str, channel: str | None) -> tuple[str, float | None, int]:
        if method in ("chat.postMessage", "webhook"):
            return f"{method}:{channel}", self.posts, self.burst
        minute = PER_MINUTE.get(method)
        return method, None if minute is None else minute / 60, minute or 0
