"""A Slurm of one's own on the loopback address: munged, slurmctld and two slurmd with two cards each that are none.

Needs root, for device files and several slurmd on one machine, and Debian's `slurm-wlm` and `munge`; `install` gets
what is missing. Nothing of another Slurm on the machine is touched: folders and ports are those of SLURM_CONF.
"""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sysconfig
import time
import tomllib
import venv
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from support.projects import ROOT

_SACCTMGR = ("sacctmgr", "--immediate", "add")
_NODES = ("node1", "node2")
_CONFIGURATION = """
ClusterName=promptseg
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPort=26817
SrunPortRange=56001-59000
StateSaveLocation={folder}/controller
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
MinJobAge=300
SlurmctldTimeout=60
SlurmdTimeout=30
KillWait=5
InactiveLimit=0
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=5,bf_interval=5,batch_sched_delay=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=1000
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=2
JobAcctGatherParams=OverMemoryKill
{accounting}
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName=node1 NodeHostname={host} NodeAddr=127.0.0.1 Port=27001 CPUs=2 RealMemory=64000 Gres=gpu:2 State=UNKNOWN
NodeName=node2 NodeHostname={host} NodeAddr=127.0.0.1 Port=27002 CPUs=2 RealMemory=64000 Gres=gpu:2 State=UNKNOWN
PartitionName=cpu Nodes=node[1-2] Default=YES MaxTime=7-00:00:00 State=UP
PartitionName=gpu Nodes=node[1-2] MaxTime=7-00:00:00 State=UP
"""

_WITHOUT = "AccountingStorageType=accounting_storage/none"
_WITH = """AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=26819
AccountingStoragePass={folder}/munge.socket"""
_DATABASE = """
DbdHost=localhost
DbdPort=26819
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=26306
StorageUser=slurm
StoragePass=slurm
LogFile={folder}/slurmdbd.log
PidFile={folder}/slurmdbd.pid
"""


def install(folder: Path, accounting: bool) -> Path:
    """Install Slurm where it is missing; return a Python that has the plugin and all of this one."""
    if os.geteuid() != 0:
        pytest.skip("needs root: it starts a Slurm")
    programs = {"slurmctld": "slurm-wlm", "munged": "munge"}
    programs |= {"slurmdbd": "slurmdbd", "mariadbd": "mariadb-server"} if accounting else {}
    missing = [package for program, package in programs.items() if not shutil.which(program)]
    if missing:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", *missing], check=True)
    python = folder / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(folder / "venv", with_pip=True)
        packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder / "venv")}))
        (packages / "project.pth").write_text(sysconfig.get_path("purelib") + "\n")
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        pinned = project["optional-dependencies"]["slurm"]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *pinned], check=True)
    return python


class Slurm:
    """The daemons; `started` below starts and stops them."""

    def __init__(self, folder: Path, python: Path, accounting: bool) -> None:
        self.folder, self.python, self.accounting = folder, python, accounting
        self.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}
        self.environment["PATH"] = f"{folder}/bin:{os.environ['PATH']}"
        self.environment.pop("PYTHONPATH", None)

    def configure(self) -> None:
        """Write what the daemons read."""
        host = socket.gethostname().split(".")[0]
        accounting = (_WITH if self.accounting else _WITHOUT).format(folder=self.folder)
        text = _CONFIGURATION.format(host=host, folder=self.folder, accounting=accounting)
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "slurmdbd.conf").write_text(_DATABASE.format(folder=self.folder))
        (self.folder / "slurmdbd.conf").chmod(0o600)
        cards = ""
        for index, node in enumerate(_NODES):
            for card in (2 * index, 2 * index + 1):
                if not (self.folder / f"card{card}").exists():
                    os.mknod(self.folder / f"card{card}", 0o666 | 0o020000, os.makedev(1, 3))  # as /dev/null
            cards += f"NodeName={node} Name=gpu File={self.folder}/card[{2 * index}-{2 * index + 1}]\n"
            (self.folder / node).mkdir(exist_ok=True)
        (self.folder / "gres.conf").write_text(cards)
        (self.folder / "controller").mkdir(exist_ok=True)
        # The plugin starts `srun` in a job without SLURM_CONF, which would ask another Slurm of this machine.
        (self.folder / "bin").mkdir(exist_ok=True)
        program = self.folder / "bin" / "srun"
        program.write_text(f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {shutil.which("srun")} "$@"\n')
        program.chmod(0o755)
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)

    def start(self) -> None:
        """Start all of them, and wait until both nodes are there."""
        files = {"socket": "munge.socket", "key-file": "munge.key", "pid-file": "munge.pid"}
        files |= {"log-file": "munge.log", "seed-file": "munge.seed"}
        subprocess.run(
            ["munged", "--force", *(f"--{name}={self.folder / file}" for name, file in files.items())], check=True
        )
        if self.accounting:
            self.database()
        self.controller("-c")  # without what a former one knew
        for node in _NODES:
            self.node(node)
        wait_for(lambda: self.tell("sinfo", "-h", "-N", "-p", "cpu", "-t", "idle", "-o", "%N").split() == [*_NODES])

    def database(self) -> None:
        """Start MariaDB in the folder and slurmdbd, and register the cluster with an account `lab`."""
        data = self.folder / "database"
        shutil.rmtree(data, ignore_errors=True)
        common = ["--no-defaults", f"--datadir={data}", "--user=root"]
        subprocess.run(["mariadb-install-db", *common], capture_output=True, check=True)
        user = "'slurm'@'127.0.0.1'"
        statements = f"CREATE USER {user} IDENTIFIED BY 'slurm';\nGRANT ALL ON *.* TO {user};\n"
        (self.folder / "users.sql").write_text(statements)
        files = [
            f"--{kind}={self.folder / f'mariadb.{file}'}" for kind, file in (("socket", "socket"), ("pid-file", "pid"))
        ]
        files += [f"--init-file={self.folder / 'users.sql'}", f"--log-error={self.folder / 'mariadb.log'}"]
        subprocess.Popen(
            ["mariadbd", *common, *files, "--bind-address=127.0.0.1", "--port=26306", "--skip-name-resolve"]
        )
        wait_for((self.folder / "mariadb.socket").exists)
        subprocess.run(["slurmdbd"], env=self.environment, check=True)
        wait_for(
            lambda: self.tell("sacctmgr", "-n", "show", "cluster") or self.tell(*_SACCTMGR, "cluster", "promptseg")
        )
        self.tell(*_SACCTMGR, "account", "lab", "cluster=promptseg")
        self.tell(*_SACCTMGR, "user", "root", "account=lab")

    def controller(self, *options: str) -> None:
        """Start slurmctld."""
        subprocess.run(["slurmctld", *options], env=self.environment, check=True)

    def node(self, name: str) -> None:
        """Start the slurmd of a node."""
        subprocess.run(["slurmd", "-N", name], env=self.environment, check=True)

    def kill(self, name: str) -> None:
        """Kill a daemon, `slurmctld`, `munge` or the name of a node; the jobs of a node die with it."""
        path = self.folder / f"{name}.pid"
        doomed = []
        with contextlib.suppress(OSError, psutil.Error):  # it ended by itself; its number may be another's by now
            process = psutil.Process(int(path.read_text()))
            doomed = [process] if self._is_ours(process) else []
        for process in psutil.process_iter() if name in _NODES else ():
            with contextlib.suppress(psutil.Error):
                environment = process.environ()
                if environment.get("SLURM_CONF") == self.environment["SLURM_CONF"] and (
                    environment.get("SLURMD_NODENAME") == name
                ):
                    doomed += [process, *(one for one in process.parents() if "slurmstepd" in " ".join(one.cmdline()))]
        for process in doomed:
            with contextlib.suppress(psutil.Error):
                process.kill()
        path.unlink(missing_ok=True)

    def _is_ours(self, process: psutil.Process) -> bool:
        """Whether a process is a daemon of this Slurm, or serves it."""
        said = (process.environ().get("SLURM_CONF", ""), *process.cmdline())
        return any(str(self.folder) in text for text in said)

    def tell(self, *command: str) -> str:
        """What a program of Slurm answers; empty where it fails."""
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False).stdout

    def stop(self) -> None:
        """Cancel all jobs and end the daemons."""
        self.tell("scancel", "--user=root")
        time.sleep(2)
        for name in (*_NODES, "slurmctld", "slurmdbd", "mariadb", "munge"):
            self.kill(name)


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until something holds; fail if it takes longer."""
    for _ in range(int(seconds / 0.5)):
        if condition():
            return
        time.sleep(0.5)
    raise AssertionError(f"after {seconds} s it still does not hold")
