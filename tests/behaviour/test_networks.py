"""Networks: made and deleted, addresses that stay, names that resolve, ways out and none; and what a kill -9 leaves of it."""
import concurrent.futures
import os
import re

import pytest

from support import processes, traces
from support.net import address, attachments, fetch, network_hosts, page, resolve, wait_page_in
from support.processes import wait_until
from support.web import Server

BUILT_IN = "default"


@pytest.fixture
def web(cluster):
    return cluster.serve()


@pytest.fixture(scope="module")
def on_the_hosts_loopback():
    with Server(lambda exchange: exchange.reply(200, b"from the host\n")) as server:
        yield server.server_address[1]


def in_shell(box, container, script):
    return box.ok("exec", container, "sh", "-c", script)


# --- the networks themselves

def test_there_is_one_from_the_start(box):
    [network] = [each for each in box.ok("network", "list", "--format", "json").json if each["id"] == BUILT_IN]
    configuration, status = network["configuration"], network["status"]
    assert configuration["name"] == BUILT_IN and configuration["mode"] == "nat"
    assert configuration["labels"]["com.apple.container.resource.role"] == "builtin"
    assert re.fullmatch(r"[\d.]+/24", status["ipv4Subnet"]) and status["ipv4Gateway"].endswith(".1")
    assert status["ipv6Subnet"].endswith("::/64")
    assert box.ok("network", "inspect", BUILT_IN).json == [network]


def test_create_prints_the_name_and_list_shows_it(box, cluster):
    name = cluster.network("--subnet", "192.168.211.0/24", "--subnet-v6", "fd00:211::/64", "--label", "a=1")
    assert ["NETWORK", "SUBNET"] == box.ok("network", "list").lines[0].split()
    assert [name, "192.168.211.0/24"] in [line.split() for line in box.ok("n", "ls").lines]
    shown = box.ok("network", "inspect", name).json[0]
    assert shown["configuration"]["labels"] == {"a": "1"}
    assert shown["status"]["ipv4Gateway"] == "192.168.211.1"
    assert shown["status"]["ipv6Subnet"] == "fd00:211::/64"
    listed = box.ok("network", "list", "-q").lines
    assert name in listed and listed == sorted(listed)
    assert {each["id"] for each in box.ok("network", "list", "--format", "json").json} == set(listed)
    assert box.ok("network", "delete", name).out == name + "\n"
    assert name not in box.ok("network", "list", "-q").lines


@pytest.mark.parametrize("name", ["none", "Upper", "-dash", "dot.", "a" * 64, "with space", ""])
def test_a_name_that_is_none_is_refused(box, name):
    result = box("network", "create", "--", name)
    assert result.rc in (1, 64) and result.out == "" and result.err.startswith("Error: "), result


def test_a_name_is_given_once(box, cluster):
    name = cluster.network()
    box.refuses("network", "create", name, saying=name)
    box.refuses("network", "create", BUILT_IN, saying=BUILT_IN)


@pytest.mark.parametrize("option, value", [("--subnet", "192.168.1.0"), ("--subnet", "192.168.1.0/33"), ("--subnet", "nonsense"),
                                           ("--subnet-v6", "192.168.1.0/24"), ("--subnet-v6", "fd00::/129")])
def test_a_subnet_that_is_none_is_refused(box, option, value):
    result = box("network", "create", option, value, "senseless")
    assert result.rc in (1, 64) and value.split("/")[0] in result.err, result
    assert "senseless" not in box.ok("network", "list", "-q").lines


def test_subnets_that_clash_are_refused_with_both_names(box, cluster):
    first = cluster.network("--subnet", "192.168.212.0/24", "--subnet-v6", "fd00:212::/64")
    for option in (("--subnet", "192.168.212.128/25"), ("--subnet", "192.168.208.0/20"), ("--subnet-v6", "fd00:212::/64")):
        result = box.refuses("network", "create", *option, "clashing", saying=first)
        assert option[1] in result.err or "clashing" in result.err, result
    assert "clashing" not in box.ok("network", "list", "-q").lines


def test_networks_without_a_wish_get_subnets_of_their_own(box, cluster):
    names = [cluster.network() for _ in range(4)]
    statuses = [box.ok("network", "inspect", name).json[0]["status"] for name in (*names, BUILT_IN)]
    for key in ("ipv4Subnet", "ipv6Subnet"):
        assert len({status[key] for status in statuses}) == 5, statuses


def test_delete_is_refused_while_it_is_used_and_names_the_users(box, cluster):
    name, other = cluster.network(), cluster.network()
    running, waiting = cluster.run("--network", name), cluster.create("--network", name)
    result = box("network", "delete", name, other)
    assert result.rc == 1 and result.lines == [other], result
    assert f'delete failed for one or more networks: ["{name}"]' in result.err, result
    assert running in result.err and waiting in result.err, result
    box.ok("stop", "-t", "0", running)
    box.refuses("network", "delete", name, saying=running)
    box.ok("delete", running, waiting)
    assert box.ok("network", "rm", name).out == name + "\n"


def test_the_built_in_one_stays(box):
    box.refuses("network", "delete", BUILT_IN, saying=BUILT_IN)
    assert BUILT_IN in box.ok("network", "list", "-q").lines


def test_the_unknown_is_not_found(box):
    box.refuses("network", "inspect", "one", BUILT_IN, "two", saying="network not found: one, two")
    box.refuses("network", "delete", "one", saying='delete failed for one or more networks: \\["one"\\]')
    box.refuses("create", "--network", "nowhere", "busybox", saying="nowhere")


def test_prune_and_delete_all_spare_what_is_used(fresh):
    box = fresh()
    for name in ("used", "free1", "free2"):
        box.ok("network", "create", name)
    box.ok("create", "--name", "user", "--network", "used", "busybox")
    assert sorted(box.ok("network", "prune").lines) == ["free1", "free2"]
    assert sorted(box.ok("network", "list", "-q").lines) == [BUILT_IN, "used"]
    assert box.ok("network", "prune").out == ""
    box.ok("network", "create", "free3")
    result = box("network", "delete", "--all")
    assert (result.rc, result.lines) == (1, ["free3"]) and "user" in result.err, result
    box.ok("delete", "user")
    assert box.ok("network", "delete", "--all").lines == ["used"]
    assert box.ok("network", "list", "-q").lines == [BUILT_IN]


# --- what a container gets

def test_an_attachment_is_what_inspect_says(box, cluster):
    network = cluster.network("--option", "mtu=1400")
    host = cluster.run("--network", network)
    [attached] = attachments(box, host)
    status = box.ok("network", "inspect", network).json[0]["status"]
    assert attached["network"] == network and attached["hostname"] == host
    assert attached["ipv4Gateway"] == status["ipv4Gateway"]
    assert box.inspect(host)["configuration"]["networks"][0]["network"] == network
    assert address(box, host) in box.ok("list").out
    shown = in_shell(box, host, "cat /sys/class/net/eth0/address /sys/class/net/eth0/mtu; ip -4 addr show eth0; ip -6 addr show eth0; ip route")
    assert shown.lines[:2] == [attached["macAddress"], "1400"] and attached["mtu"] == 1400
    assert f"inet {attached['ipv4Address']} " in shown.out
    assert f"inet6 {attached['ipv6Address']}" in shown.out
    assert f"default via {status['ipv4Gateway']} dev eth0" in shown.out
    assert [address(box, host), host] in [line.split()[:2] for line in in_shell(box, host, "cat /etc/hosts").lines]


def test_the_lease_is_the_same_after_a_restart(box, cluster):
    network = cluster.network()
    first, second = cluster.run("--network", network), cluster.run("--network", network)
    before = attachments(box, first)
    assert address(box, first) != address(box, second)
    box.ok("stop", "-t", "0", first)
    third = cluster.run("--network", network)
    box.ok("start", first)
    assert attachments(box, first) == before
    assert len({address(box, each) for each in (first, second, third)}) == 3


def test_the_lease_is_the_same_after_the_service_was_stopped(fresh):
    box = fresh()
    box.ok("run", "-d", "--name", "web", "busybox", "sleep", "100000")
    before = attachments(box, "web")
    box.stop()
    box.start()
    box.ok("start", "web")
    assert attachments(box, "web") == before


def test_several_networks(box, cluster):
    front, back = cluster.network(), cluster.network()
    both = cluster.run("--network", front, "--network", back)
    on_front, on_back = cluster.serve("--network", front), cluster.serve("--network", back)
    assert [each["network"] for each in attachments(box, both)] == [front, back]
    shown = in_shell(box, both, "ip -4 -o addr show; ip route").out
    for number in (0, 1):
        assert re.search(rf"eth{number} +inet {re.escape(attachments(box, both)[number]['ipv4Address'])} ", shown), shown
    assert re.findall(r"default via (\S+) dev (\S+)", shown) == [(attachments(box, both)[0]["ipv4Gateway"], "eth0")]
    for each in (on_front, on_back):
        wait_page_in(box, both, f"http://{address(box, each)}/", f"page of {each}\n")
    assert page(box, on_front, f"http://{address(box, on_back)}/") is None
    assert address(box, both, 0) in box.ok("list").out and address(box, both, 1) in box.ok("list").out


def test_none_is_no_network(box, cluster):
    host = cluster.run("--network", "none")
    assert attachments(box, host) == []
    assert in_shell(box, host, "ls /sys/class/net").lines == ["lo"]
    assert "LOOPBACK,UP" in in_shell(box, host, "ip link show lo").out
    for mistake in (("--network", "none", "--network", BUILT_IN), ("--network", "none,mtu=1500"), ("--network", "none", "-p", "1:1")):
        box.refuses("create", *mistake, "busybox", rc=64, saying="none")


def test_a_mac_address_an_mtu_an_address_and_an_alias_of_ones_own(box, cluster):
    network = cluster.network("--subnet", "192.168.213.0/24")
    special = cluster.serve("--network", f"{network},mac=02-42-AC-11-00-02,mtu=1500,ip=192.168.213.77,alias=db,alias=db2")
    [attached] = attachments(box, special)
    assert (attached["macAddress"], attached["mtu"], attached["ipv4Address"]) == ("02:42:ac:11:00:02", 1500, "192.168.213.77/24")
    assert in_shell(box, special, "cat /sys/class/net/eth0/address /sys/class/net/eth0/mtu").lines == ["02:42:ac:11:00:02", "1500"]
    peer = cluster.run("--network", network)
    for name in (special, "db", "db2"):
        assert resolve(box, peer, name) == ["192.168.213.77"]
    wait_page_in(box, peer, "http://db/", f"page of {special}\n")
    box.refuses("create", "--network", f"{network},ip=192.168.213.77", "busybox", saying="192.168.213.77")
    for taken in ("192.168.213.1", "192.168.214.5", "192.168.213.255"):
        box.refuses("create", "--network", f"{network},ip={taken}", "busybox", saying=taken)


@pytest.mark.parametrize("value", ["n,mac=02:42", "n,mac=01:00:5e:00:00:01", "n,mtu=1279", "n,mtu=65536", "n,ip=fd00::1", "n,alias=a b", "n,x=1"])
def test_a_mistake_in_a_network_option_is_refused(box, value):
    box.refuses("create", "--network", value, "busybox", rc=64, saying="--network")


def test_whole_frames_of_the_largest_mtu_get_through(box, cluster, web):
    """More than fits into one packet, at the MTU that networks have by default."""
    size = 4 << 20
    wait_page_in(box, web, "http://127.0.0.1/", f"page of {web}\n")
    in_shell(box, web, f"head -c {size} /dev/urandom > /www/big")
    client = cluster.run()
    assert int(in_shell(box, client, "cat /sys/class/net/eth0/mtu").line) == attachments(box, client)[0]["mtu"]
    fetched = in_shell(box, client, f"timeout 100 wget -q -O - http://{web}/big | sha256sum").out
    assert fetched == in_shell(box, web, "sha256sum < /www/big").out


# --- names

def test_names_resolve_both_ways(box, cluster, web):
    client = cluster.run()
    assert resolve(box, client, web) == [address(box, web)]
    assert resolve(box, client, web.upper()) == [address(box, web)]
    assert resolve(box, client, web, "aaaa") == [address(box, web, key="ipv6Address")]
    assert resolve(box, client, address(box, web), "ptr") == [web]
    assert resolve(box, client, address(box, web, key="ipv6Address"), "ptr") == [web]
    wait_page_in(box, client, f"http://{web}/", f"page of {web}\n")
    v6 = address(box, web, key="ipv6Address")
    wait_page_in(box, client, f"http://[{v6}]/", f"page of {web}\n")


def test_an_unknown_name_is_no_name(box, cluster):
    client = cluster.run("--network", cluster.network("--internal"))
    done = box("exec", client, "timeout", "20", "nslookup", "-type=a", "nobody-is-called-this")
    assert done.rc != 0 and "NXDOMAIN" in done.out + done.err, done


def test_a_name_goes_with_its_container(box, cluster, web):
    client = cluster.run()
    assert resolve(box, client, web)
    box.ok("stop", "-t", "0", web)
    assert resolve(box, client, web) == []
    box.ok("start", web)
    assert resolve(box, client, web) == [address(box, web)]
    box.ok("delete", "--force", web)
    assert resolve(box, client, web) == []


def test_names_stay_within_their_network(box, cluster):
    one, other = cluster.run("--network", cluster.network("--internal")), cluster.run("--network", cluster.network("--internal"))
    assert resolve(box, one, other) == []
    assert resolve(box, one, one) == [address(box, one)]


def test_local_domains(box, cluster, web):
    client = cluster.run()
    assert resolve(box, client, f"{web}.sandbox") == []
    assert box.ok("system", "dns", "create", "sandbox").out == "sandbox\n"
    try:
        assert box.ok("system", "dns", "list").lines == ["DOMAIN", "sandbox"]
        assert box.ok("s", "dns", "ls", "--format", "json").json == ["sandbox"]
        assert box.ok("s", "dns", "ls", "-q").lines == ["sandbox"]
        box.refuses("system", "dns", "create", "sandbox", saying="sandbox")
        assert resolve(box, client, f"{web}.sandbox") == [address(box, web)]
        box.ok("system", "property", "set", "dns.domain", "sandbox")
        later = cluster.run()
        assert "sandbox" in in_shell(box, later, "cat /etc/resolv.conf").out
        assert resolve(box, later, web) == [address(box, web)]
    finally:
        box.ok("system", "property", "clear", "dns.domain")
        assert box.ok("system", "dns", "delete", "sandbox").out == "sandbox\n"
    assert resolve(box, client, f"{web}.sandbox") == []
    assert box.ok("system", "dns", "list", "-q").out == ""
    box.refuses("system", "dns", "delete", "sandbox", saying="sandbox")


def test_resolv_conf_names_the_gateway_unless_told_otherwise(box, cluster):
    plain, told, without = cluster.run(), cluster.run("--dns", "192.0.2.1", "--dns-search", "s.test"), cluster.run("--no-dns")
    gateway = attachments(box, plain)[0]["ipv4Gateway"]
    assert f"nameserver {gateway}" in in_shell(box, plain, "cat /etc/resolv.conf").lines
    shown = in_shell(box, told, "cat /etc/resolv.conf").lines
    assert "nameserver 192.0.2.1" in shown and "search s.test" in shown and gateway not in " ".join(shown)
    assert in_shell(box, without, "cat /etc/resolv.conf 2>/dev/null || true").out == ""


def test_names_of_ones_own(box, cluster, on_the_hosts_loopback):
    host = cluster.run("--add-host", "db.example:192.0.2.5", "--add-host", "v6:[2001:db8::5]", "--add-host", "up:host-gateway")
    hosts = [line.split() for line in in_shell(box, host, "cat /etc/hosts").lines]
    assert ["192.0.2.5", "db.example"] in hosts and ["2001:db8::5", "v6"] in hosts
    assert page(box, host, f"http://up:{on_the_hosts_loopback}/") == "from the host\n"
    assert "PING db.example (192.0.2.5)" in box("exec", host, "timeout", "20", "ping", "-c", "1", "-W", "1", "db.example").out
    for mistake in ("db", "db:nowhere", "a b:192.0.2.1"):
        box.refuses("create", "--add-host", mistake, "busybox", rc=64, saying="--add-host")


def test_the_host_has_its_name_whoever_resolves(box, cluster, on_the_hosts_loopback):
    for option in (("--dns", "192.0.2.1"), ("--no-dns",)):
        host = cluster.run(*option)
        assert page(box, host, f"http://host.container.internal:{on_the_hosts_loopback}/") == "from the host\n"


def test_an_alias_takes_nobodys_name(box, cluster, web):
    cluster.serve("--network", f"{BUILT_IN},alias={web},alias=shared")
    assert resolve(box, cluster.run(), web) == [address(box, web)]


# --- the way out

def test_the_hosts_loopback_is_host_container_internal(box, cluster, on_the_hosts_loopback):
    host = cluster.run()
    assert page(box, host, f"http://host.container.internal:{on_the_hosts_loopback}/") == "from the host\n"
    assert resolve(box, host, "host.container.internal") == [attachments(box, host)[0]["ipv4Gateway"]]


def test_the_hosts_loopback_can_be_kept_out_of_reach(box, cluster, on_the_hosts_loopback):
    host = cluster.run("--network", cluster.network("--option", "host-loopback=false"))
    assert page(box, host, f"http://host.container.internal:{on_the_hosts_loopback}/") is None


def test_an_internal_network_has_no_way_out(box, cluster, on_the_hosts_loopback):
    network = cluster.network("--internal")
    assert box.ok("network", "inspect", network).json[0]["configuration"]["mode"] == "hostOnly"
    web, host = cluster.serve("--network", network), cluster.run("--network", network)
    wait_page_in(box, host, f"http://{web}/", f"page of {web}\n")
    gateway = box.ok("network", "inspect", network).json[0]["status"]["ipv4Gateway"]
    for there in ("host.container.internal", gateway):
        assert page(box, host, f"http://{there}:{on_the_hosts_loopback}/") is None
    assert resolve(box, host, "example.com") == []


def test_networks_do_not_reach_each_other(box, cluster, web):
    stranger = cluster.run("--network", cluster.network())
    neighbour = cluster.run()
    wait_page_in(box, neighbour, f"http://{address(box, web)}/", f"page of {web}\n")
    assert page(box, stranger, f"http://{address(box, web)}/") is None


# --- the host's own way in

def interface_of(box, network):
    return box.ok("network", "inspect", network).json[0]["status"].get("interface")


@pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists("/dev/net/tun"), reason="nobody here may make a network interface")
def test_the_host_reaches_containers_by_address(box, cluster):
    networks = [cluster.network(name=f"{box.root.name[3:]}-long-name-{number}") for number in range(2)]
    servers = [cluster.serve("--network", network) for network in networks]
    interfaces = [interface_of(box, network) for network in networks]
    assert all(interfaces) and len(set(interfaces)) == 2, "both begin alike, and each has one"
    there = {server: address(box, server) for server in servers}

    def answers(server):  # a way that isn't there swallows what is sent on it
        return fetch(80, host=there[server], timeout=2) == f"page of {server}\n"
    for server in servers:
        wait_until(lambda server=server: answers(server), what="the page")
    [index] = set(traces.interfaces(box.root)[name] for name in interfaces[:1])
    processes.kill(network_hosts(box, networks[0])[0])
    wait_until(lambda: answers(servers[0]), what="the page after a kill")
    assert traces.interfaces(box.root)[interface_of(box, networks[0])] != index, "the killed one's was left"
    box.ok("delete", "--force", *servers)
    held = traces.interfaces(box.root)
    for host in network_hosts(box):
        processes.kill(host)
    wait_until(lambda: not traces.interfaces_left(held), what="the end of what was killed")


# --- kill -9

@pytest.fixture
def conversation(box, cluster):
    """A TCP connection between two containers that lasts: say(text) must come back."""
    network = cluster.network()
    server = cluster.run("--network", network, command=("nc", "-ll", "-p", "7000", "-e", "cat"))
    client = cluster.run("--network", network, command=(
        "sh", "-c", f"mkfifo /in; exec 3<>/in; while :; do nc {server} 7000 </in >>/out; echo ended >>/out; sleep 0.2; done"))

    def say(text):
        box.ok("exec", client, "sh", "-c", f"echo {text} >/in")
        wait_until(lambda: text in box.ok("exec", client, "cat", "/out").lines, what=f"{text} coming back")

    wait_until(lambda: box("exec", client, "test", "-p", "/in").rc == 0, what="the client")
    wait_until(lambda: "7000" in box("exec", client, "netstat", "-tn").out and "ESTABLISHED" in box("exec", client, "netstat", "-tn").out,
               what="the connection")
    mark = len(box("exec", client, "cat", "/out").lines)
    say("before")
    yield network, say, lambda: "ended" not in box.ok("exec", client, "cat", "/out").lines[mark:]


def test_a_connection_survives_the_networks_process(box, conversation):
    network, say, unbroken = conversation
    [pid] = network_hosts(box, network)
    processes.kill(pid)
    wait_until(lambda: network_hosts(box, network) not in ([], [pid]), what="another network process")
    say("after")
    assert unbroken()


def test_a_connection_survives_the_daemon(box, conversation):
    network, say, unbroken = conversation
    pids = network_hosts(box, network)
    box.kill_daemon()
    assert network_hosts(box, network) == pids
    box.start()
    say("after")
    assert network_hosts(box, network) == pids and unbroken()


def test_names_and_networks_are_there_again_after_both_were_killed(box, cluster, web):
    network = cluster.network()
    client = cluster.run()
    before = attachments(box, client), box.ok("network", "list", "--format", "json").json
    for pid in network_hosts(box):
        processes.kill(pid)
    box.kill_daemon()
    box.start()
    wait_until(lambda: (attachments(box, client), box.ok("network", "list", "--format", "json").json) == before, what="the same networks")
    wait_until(lambda: resolve(box, client, web) == [address(box, web)], what="the name")
    wait_page_in(box, client, f"http://{web}/", f"page of {web}\n")
    box.ok("network", "delete", network)


# --- many

@pytest.mark.release_only
def test_twenty_containers_resolve_each_other(box, cluster):
    network = cluster.network()
    names = [f"twenty-{number}" for number in range(20)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda each: cluster.run("--network", network, "-m", "200m", name=each, timeout=600), names))
        addresses = {each: address(box, each) for each in names}
        assert len(set(addresses.values())) == 20
        script = "; ".join(f"nslookup -type=a {each} | grep '^Address: '" for each in names)
        answers = list(pool.map(lambda each: box("exec", each, "sh", "-c", script, timeout=600).lines, names))
    for answer in answers:
        assert answer == [f"Address: {addresses[each]}" for each in names]
