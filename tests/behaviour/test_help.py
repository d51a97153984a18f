"""help, versions, completion scripts, and what the command line refuses."""
import shutil
import subprocess

import pytest

GROUPS = ["image", "registry", "network", "system", "system property", "system kernel", "system dns"]
COMMANDS = ["run", "create", "start", "stop", "kill", "delete", "list", "exec", "logs", "inspect", "stats", "prune", "events", "history",
            "image list", "image pull", "image push", "image load", "image save", "image import", "image tag", "image delete", "image prune", "image inspect",
            "system start", "system stop", "system status", "system version", "system logs", "system df",
            "system property list", "system property get", "system property set", "system property clear", "system kernel set",
            "registry login", "registry logout", "registry list",
            *(f"volume {verb}" for verb in ("create", "delete", "list", "inspect", "prune")),
            *(f"network {verb}" for verb in ("create", "delete", "list", "inspect", "prune")),
            *(f"system dns {verb}" for verb in ("create", "delete", "list"))]
LATER = ["build", "builder start", "builder status", "builder stop", "builder delete",
         "copy", "export", "clean",
         *(f"machine {verb}" for verb in ("create", "delete", "inspect", "list", "logs", "run", "set", "set-default", "stop"))]


def test_without_arguments_it_helps(bare):
    done = bare.ok()
    assert "run" in done.out and "image" in done.out
    assert bare.ok("help").out == done.out == bare.ok("--help").out


@pytest.mark.parametrize("command", COMMANDS + GROUPS)
def test_every_command_helps(bare, command):
    done = bare.ok(*command.split(), "--help")
    assert command.split()[-1] in done.out and done.err == "", done
    assert bare.ok("help", *command.split()).out == done.out


def test_help_works_with_debug(bare):
    assert bare.ok("--debug", "help").out
    assert bare.ok("run", "--debug", "--help").out


def test_help_for_the_unknown(bare):
    assert bare("help", "nonsense").rc == 64


def test_an_unknown_command_may_be_a_plugin_and_says_where_it_was_sought(bare):
    result = bare.refuses("nonsense", rc=64, saying="nonsense")
    for place in ("container system start", f"{bare.root}/data/plugins", f"{bare.build}/libexec/bulkhead/plugins"):
        assert place in result.err, result
    bare.refuses("image", "nonsense", rc=64, saying="container image nonsense")


def test_a_plugin_is_a_command(bare):
    file = bare.root / "data" / "plugins" / "container-hello"
    file.parent.mkdir(exist_ok=True)
    file.write_text("#!/bin/sh\necho $CONTAINER_ROOT; echo \"$@\"; cat; exit 7\n")
    bare.refuses("hello", rc=64, saying="hello")
    file.chmod(0o755)
    done = bare("hello", "--all", "two words", stdin="input\n")
    assert (done.rc, done.lines) == (7, [str(bare.root), "--all two words", "input"]), done
    file.unlink()


@pytest.mark.parametrize("arguments", [("run", "--no-such-option", "busybox"), ("list", "--no-such-option"), ("image", "list", "-Z"),
                                       ("run",), ("exec", "x"), ("image", "tag", "x"), ("list", "surplus"), ("stop", "--time"),
                                       ("stop", "--time", "soon", "x"), ("list", "--format")])
def test_mistakes_on_the_command_line_are_64(bare, arguments):
    result = bare(*arguments)
    assert result.rc == 64 and result.out == "" and result.err.startswith("Error: "), result


@pytest.mark.parametrize("command", LATER)
def test_commands_of_later_versions_are_refused_with_a_sentence(bare, command):
    bare.refuses(*command.split(), "argument", saying=f"{command} needs ")


@pytest.mark.parametrize("options", [("--rosetta",)])
def test_options_of_later_versions_are_refused_with_a_sentence(box, options):
    before = box.containers()
    result = box("run", "--rm", *options, "busybox", "true")
    assert result.rc in (1, 64) and result.out == "", result
    assert options[0].lstrip("-").split("=")[0] in result.err or options[0] in result.err, result
    assert box.containers() == before


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_one(bare, shell, tmp_path):
    done = bare.ok("--generate-completion-script", shell)
    file = tmp_path / "_container"
    file.write_text(done.out)
    assert shutil.which(shell), f"{shell} is missing: run scripts/test.sh packages"
    checked = subprocess.run([shell, "-n", file], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def complete(bare, line):
    script = f"""source <({bare.program} --generate-completion-script bash)
      COMP_WORDS=({line} ''); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); COMP_LINE='{line} '; COMP_POINT=${{#COMP_LINE}}
      f=$(complete -p container | sed 's/.*-F \\([^ ]*\\).*/\\1/'); $f container '' x; printf '%s\\n' "${{COMPREPLY[@]}}" """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=bare.environment, check=False)
    return [word.strip() for word in done.stdout.splitlines()]


def test_bash_completes_commands_containers_and_networks(box, shell):
    assert {"run", "image", "system"} <= set(complete(box, "container"))
    assert {"load", "save"} <= set(complete(box, "container image"))
    assert shell in complete(box, "container stop")
    assert "default" in complete(box, "container network inspect")
    assert "default" in complete(box, "container run --network")


def test_completion_for_another_shell(bare):
    assert bare("--generate-completion-script", "tcsh").rc == 64
