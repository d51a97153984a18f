"""-it under a real terminal: size, Ctrl-C, what is typed, and the terminal as it was before."""
import signal
import termios

from support.box import GUARD


def test_a_shell_in_a_terminal(box, terminal, name):
    tty = terminal("run", "-it", "--rm", "--name", name, "busybox", "sh")
    tty.expect(r"# ")
    tty.type("test -t 0 && test -t 1 && test -t 2 && echo a-$((6*7))-b\n")
    tty.expect(r"a-42-b")
    tty.type("exit 5\n")
    _, rc = tty.rest()
    assert rc == 5


def test_the_window_size_is_there_from_the_start_and_follows(box, shell, terminal):
    tty = terminal("exec", "-it", shell, "sh", rows=31, columns=101)
    tty.expect(r"# ")
    tty.type("stty size\n")
    tty.expect(r"31 101")
    tty.type("trap 'echo changed' WINCH\n")
    tty.expect(r"# ")
    tty.resize(40, 132)
    tty.type("\n\nstty size\n")
    tty.expect(r"40 132")
    tty.type("exit\n")
    assert tty.rest()[1] == 0


def test_ctrl_c_arrives_in_the_container_and_not_at_the_client(box, shell, terminal):
    tty = terminal("exec", "-it", shell, "sh", "-c", "trap 'echo interrupted; exit 3' INT; echo ready; while :; do sleep 0.1; done")
    tty.expect("ready")
    tty.type("\x03")
    tty.expect("interrupted")
    assert tty.rest()[1] == 3


def test_ctrl_d_ends_the_input(box, shell, terminal):
    tty = terminal("exec", "-it", shell, "sh", "-c", "echo ready; cat")
    tty.expect("ready\r\n")
    tty.type("hello\n")
    tty.expect("hello\r\nhello\r\n")  # the terminal's echo, and cat's
    tty.type("\x04")
    assert tty.rest()[1] == 0


def test_the_clients_terminal_is_put_back_as_it_was(box, shell, terminal):
    tty = terminal("exec", "-it", shell, "sh", "-c", "echo ready; read line")
    tty.expect("ready")
    assert not tty.attributes()[3] & termios.ICANON, "it was never raw"
    tty.type("\n")
    assert tty.process.wait(timeout=GUARD) == 0
    assert tty.attributes()[3] & termios.ICANON and tty.attributes()[3] & termios.ECHO


def test_the_terminal_is_put_back_after_a_signal_too(box, shell, terminal):
    tty = terminal("exec", "-it", shell, "sh", "-c", "echo ready; sleep 1000")
    tty.expect("ready")
    assert not tty.attributes()[3] & termios.ICANON
    tty.process.send_signal(signal.SIGTERM)
    assert tty.process.wait(timeout=GUARD) != 0
    assert tty.attributes()[3] & termios.ICANON and tty.attributes()[3] & termios.ECHO


def test_term_is_set(box, shell, terminal):
    tty = terminal("exec", "-it", shell, "sh", "-c", "echo term=$TERM.")
    tty.expect(r"term=xterm[^.]*\.")
    assert tty.rest()[1] == 0


def test_a_terminal_asked_for_where_there_is_none_still_runs(box, shell):
    done = box("exec", "-t", shell, "sh", "-c", "test -t 1 && echo yes")
    assert (done.rc, done.out.strip()) == (0, "yes"), done
