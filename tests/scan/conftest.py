import pytest

from soc_core.model.pattern import Pattern
from soc_core.scan import Scanner, engine_named, engines


@pytest.fixture(params=["hyperscan", "re2", "plain"])
def engine(request):
    if request.param not in engines():
        pytest.skip(f"{request.param} is not installed: pip install 'soc-core[fast]'")
    return engine_named(request.param)


@pytest.fixture
def scanner_of(engine):
    """A scanner of one plugin, `mine`, with patterns named by their texts."""

    def make(*texts, **options):
        patterns = [t if isinstance(t, Pattern) else Pattern(name=t, text=t) for t in texts]
        return Scanner([("mine", pattern) for pattern in patterns], engine=engine, **options)

    return make
