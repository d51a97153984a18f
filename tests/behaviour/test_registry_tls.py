"""The way to a registry: certificates, schemes, mirrors, proxies, IPv6, and registries.toml, which says so."""
import socket

import pytest

from support import certificates, noise
from support.fault_proxy import FaultProxy, answer, corrupt
from support.forward_proxies import HttpProxy, SocksProxy
from support.registry import Registry, configure


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return certificates.Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def secure(tmp_path_factory, authority):
    with Registry(tmp_path_factory.mktemp("secure"), authority=authority) as registry:
        yield registry


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    with Registry(tmp_path_factory.mktemp("plain")) as registry:
        yield registry


@pytest.fixture(autouse=True)
def no_settings(bare):
    yield
    (bare.root / "config/registries.toml").unlink(missing_ok=True)


def put(registry, name):
    registry.put(noise.image(), name)
    return f"{registry.address}/{name}"


def pulls(box, reference, *options):
    box("image", "delete", "--force", reference)
    box.ok("image", "pull", "-q", *options, reference)
    assert reference in box.images()


def test_an_unknown_authority_is_refused_and_the_file_to_change_is_named(bare, secure):
    bare.refuses("image", "pull", "-q", "--scheme", "https", put(secure, "app/unknown:1"), saying="certificate.*\n.*registries.toml")


def test_a_known_one_is_believed(bare, secure, authority):
    configure(bare, None, {secure.address: {"ca": str(authority.certificate)}})
    pulls(bare, put(secure, "app/known:1"))


def test_a_wrong_one_is_not(bare, secure, tmp_path):
    other = certificates.Authority(tmp_path / "other", "Another Authority")
    configure(bare, None, {secure.address: {"ca": str(other.certificate)}})
    bare.refuses("image", "pull", "-q", put(secure, "app/wrong:1"), saying="certificate")


def test_insecure_asks_for_no_certificate(bare, secure):
    configure(bare, None, {secure.address: {"insecure": True}})
    pulls(bare, put(secure, "app/insecure:1"))


def test_a_clients_certificate_is_shown_where_it_is_wanted(bare, tmp_path, authority):
    clients = certificates.Authority(tmp_path / "clients", "Clients")
    certificate, key = clients.issue("me", use="clientAuth")
    with Registry(tmp_path / "registry") as unguarded:  # over the same data, which nobody could publish to otherwise
        put(unguarded, "app/mine:1")
    with Registry(tmp_path / "registry", authority=authority, client_authority=clients) as registry:
        trusting = {"ca": str(authority.certificate)}
        configure(bare, {"retries": 1}, {registry.address: trusting})
        bare.refuses("image", "pull", "-q", f"{registry.address}/app/mine:1")
        configure(bare, {"retries": 1}, {registry.address: {**trusting, "client_certificate": str(certificate), "client_key": str(key)}})
        pulls(bare, f"{registry.address}/app/mine:1")


@pytest.mark.parametrize("wrong", [{"host": "DNS:elsewhere.example"}, {"days": -1}, {"use": "clientAuth"}], ids=str)
def test_a_certificate_that_is_not_for_this_is_refused(bare, tmp_path, authority, wrong):
    with Registry(tmp_path / "registry", authority=authority, certificate=authority.issue("wrong", **wrong)) as registry:
        configure(bare, {"retries": 1}, {registry.address: {"ca": str(authority.certificate)}})
        bare.refuses("image", "pull", "-q", put_by_data(registry, tmp_path, "app/wrong:1"), saying="certificate")


def put_by_data(registry, directory, name):
    """Publishes it through a registry over the same data whose certificate nobody has to believe."""
    with Registry(directory / "registry") as unguarded:
        put(unguarded, name)
    return f"{registry.address}/{name}"


@pytest.mark.parametrize("key", ["ca", "client_certificate"])
def test_a_file_of_the_settings_that_is_missing_is_named(bare, secure, authority, key):
    settings = {"ca": str(authority.certificate), key: "/nowhere/file.pem"}
    if key == "client_certificate":
        settings["client_key"] = "/nowhere/file.key"
    configure(bare, {"retries": 1}, {secure.address: settings})
    bare.refuses("image", "pull", "-q", put(secure, "app/missing-file:1"), saying="/nowhere/file.pem")


def test_plain_http_to_a_port_with_tls_says_what_to_do(bare, secure):
    bare.refuses("image", "pull", "-q", put(secure, "app/plain:1"), saying="--scheme https")


def test_tls_to_a_port_without_it_says_what_to_do(bare, plain):
    configure(bare, {"retries": 1})
    bare.refuses("image", "pull", "-q", "--scheme", "https", put(plain, "app/tls:1"), saying="--scheme http")


def test_a_word_that_isnt_known_is_refused_with_its_line(bare, plain):
    (bare.root / "config").mkdir(exist_ok=True)
    (bare.root / "config/registries.toml").write_text('[registry."x.example"]\ninsecrue = true\n')
    bare.refuses("image", "pull", "-q", put(plain, "app/typo:1"), saying=r"registries.toml:2.*insecrue")


def test_a_mirror_is_asked_first_and_the_registry_not_at_all(bare, plain):
    with FaultProxy(plain) as mirror, FaultProxy(plain) as origin:
        put(plain, "app/mirrored:1")
        configure(bare, None, {origin.address: {"mirrors": [mirror.url]}})
        pulls(bare, f"{origin.address}/app/mirrored:1")
        assert mirror.requests() and not origin.requests()


@pytest.mark.parametrize("fault", [answer(404), answer(500), answer(403)])
def test_a_mirror_without_the_image_is_passed_by(bare, plain, fault):
    with FaultProxy(plain) as mirror, FaultProxy(plain) as origin:
        name = f"app/passed{id(fault)}:1"
        put(plain, name)
        mirror.fault("/v2/", fault, method=None)
        configure(bare, None, {origin.address: {"mirrors": [mirror.url]}})
        pulls(bare, f"{origin.address}/{name}")


def test_a_mirror_nobody_is_at_is_passed_by(bare, plain):
    put(plain, "app/alone:1")
    configure(bare, {"connect_seconds": 2}, {plain.address: {"mirrors": ["http://127.0.0.1:1"]}})
    pulls(bare, f"{plain.address}/app/alone:1")


def test_a_mirror_that_lies_brings_no_wrong_image(bare, plain):
    with FaultProxy(plain) as mirror:
        reference = put(plain, "app/lied:1")
        mirror.fault("/blobs/", corrupt(10))
        configure(bare, None, {plain.address: {"mirrors": [mirror.url]}})
        bare.refuses("image", "pull", "-q", reference)
        assert reference not in bare.images()


def test_nothing_is_pushed_to_a_mirror(bare, plain):
    reference = put(plain, "app/source:1")
    pulls(bare, reference)
    target = f"{plain.address}/app/target:1"
    bare.ok("image", "tag", reference, target)
    with FaultProxy(plain) as mirror:
        configure(bare, None, {plain.address: {"mirrors": [mirror.url]}})
        bare.ok("image", "push", "-q", target)
        assert not mirror.requests()


def test_the_settings_name_a_proxy(bare, plain):
    for kind, scheme in ((HttpProxy, "http"), (SocksProxy, "socks5h")):
        with kind((plain.host, plain.port)) as proxy:
            name = f"app/{scheme}:1"
            put(plain, name)
            address = f"127.0.0.1:{proxy.server_address[1]}"
            configure(bare, None, {"registry.example:80": {"scheme": "http", "proxy": f"{scheme}://{address}"}})
            pulls(bare, f"registry.example:80/{name}")


def test_the_environment_names_a_proxy_and_who_needs_none(fresh, plain):
    put(plain, "app/environment:1")
    with HttpProxy((plain.host, plain.port)) as proxy:
        box = fresh({"http_proxy": proxy.url, "NO_PROXY": "127.0.0.1"}, image=False)
        pulls(box, "registry.example:80/app/environment:1", "--scheme", "http")
        through = len(proxy.requests())
        assert through > 0
        pulls(box, f"{plain.address}/app/environment:1")
        assert len(proxy.requests()) == through


def test_https_goes_through_a_proxy_unread(fresh, secure, authority):
    """CONNECT: the proxy learns the registry's name and nothing else."""
    put(secure, "app/tunnel:1")
    with HttpProxy((secure.host, secure.port)) as proxy:
        box = fresh({"HTTPS_PROXY": proxy.url}, image=False)
        configure(box, None, {secure.address: {"ca": str(authority.certificate)}})
        pulls(box, f"{secure.address}/app/tunnel:1")
        assert {seen.method for seen in proxy.requests()} == {"CONNECT"} and set(proxy.asked) == {secure.address}


def test_a_proxy_that_is_not_there_is_named(bare, plain):
    configure(bare, {"retries": 1, "connect_seconds": 2}, {plain.address: {"proxy": "http://127.0.0.1:1"}})
    bare.refuses("image", "pull", "-q", put(plain, "app/no-proxy:1"), saying="proxy|127.0.0.1:1")


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as one:
            one.bind(("::1", 0))
        return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="this host has no IPv6")
def test_ipv6(bare, tmp_path):
    with Registry(tmp_path / "six", host="::1") as registry:
        pulls(bare, put(registry, "app/six:1"))
