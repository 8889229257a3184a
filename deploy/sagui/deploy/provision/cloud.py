"""What cloud-init reads on Raspberry Pi OS Trixie: the data source NoCloud, on the boot partition.

The image looks there by itself (``/etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg``). Nothing secret is in ``user-data``,
because cloud-init keeps copies of it; the Wi-Fi's key is in ``network-config`` until the first boot is done.
"""

from typing import Any

import yaml

from sagui.deploy.provision.order import Order

MARK = "Written by sagui provision"
SCRIPT = "/boot/firmware/sagui/first-boot.sh"


def user_data(order: Order) -> str:
    """Writes ``user-data``: name, user and SSH key, and the start of the first boot's script.

    ``user`` and not ``users``: so cloud-init renames the image's own first user, who is in all the groups.
    """
    config: dict[str, Any] = {
        "hostname": order.hostname,
        "manage_etc_hosts": True,
        "ssh_pwauth": False,
        "user": {
            "name": order.login.user,
            "shell": "/bin/bash",
            "lock_passwd": True,
            # Without a password there is none to ask for.
            "sudo": "ALL=(ALL) NOPASSWD:ALL",
            "ssh_authorized_keys": list(order.login.keys),
        },
        "apt": {"preserve_sources_list": True},
        "runcmd": [
            # Both are off in the image.
            *([["rfkill", "unblock", "wifi"]] if order.wifi else []),
            ["systemctl", "enable", "--now", "ssh"],
            # By bash, because a FAT partition may forbid to execute what is on it.
            ["bash", SCRIPT, "begin"],
        ],
    }
    return f"#cloud-config\n# {MARK}.\n" + dump(config)


def meta_data(instance: str) -> str:
    """Writes ``meta-data``. A new ``instance`` makes cloud-init treat the next boot as a first one."""
    return f"# {MARK}.\n" + dump({"instance-id": instance, "dsmode": "local"})


def dump(value: object) -> str:
    """Writes YAML that says the same to YAML 1.1 and 1.2: whatever could be taken for something else is quoted."""
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=False, width=4096)
    return text
