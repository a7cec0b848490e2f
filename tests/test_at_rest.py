"""No file below the data folder holds in clear what a customer gave."""

import base64
import json
import zipfile

from harness.clients import TRUST, Tenant, eventually, files_below, unique
from harness.packages import python
from harness.platform import FIRST

MARKER = "Zq7PlantedMarkerXw9"


def forms(marker):
    """The marker as text, in both hexadecimal cases, in UTF-16, and in base64 at each of the three alignments."""
    raw = marker.encode()
    found = {raw, raw.hex().encode(), raw.hex().upper().encode(), marker.encode("utf-16-le"), marker[::-1].encode()}
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + raw)
        found.add(text[4 if shift else 0 : -4])
    return found


def holders(folder, *markers):
    """Files that hold any form of one of the markers; all at once, because the runtimes in the folder are large."""
    wanted = set().union(*map(forms, markers))
    found = []
    for file in files_below(folder):
        content = file.read_bytes()
        if any(form in content for form in wanted):
            found.append(file)
    return found


def test_planted_markers_are_nowhere(start):
    platform = start()
    tenant = Tenant(platform, FIRST)
    code = python(
        f"# {MARKER}\ndef handler(event, context):\n    print('{MARKER} in a line')\n"
        f"    open('/tmp/{MARKER}', 'w').write('{MARKER}' * 1000)\n    return event\n",
        zipfile.ZIP_STORED,
    )
    assert MARKER.encode() in code
    name = unique("visible")
    layer = tenant.functions.publish_layer_version(
        LayerName=unique("layer"), Content={"ZipFile": code}, Description=MARKER, LicenseInfo=MARKER
    )
    function = tenant.deploy(
        code,
        name=name,
        Description=MARKER,
        Environment={"Variables": {"SECRET": MARKER}},
        Layers=[layer["LayerVersionArn"]],
    )
    assert function({"payload": MARKER}) == {"payload": MARKER}
    statement = {"Sid": MARKER, "Effect": "Allow", "Action": "lambda:*", "Resource": f"arn:aws:lambda:*:*:function:{MARKER}"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role, user = unique("role"), unique("user")
    tenant.iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST, Description=MARKER)
    tenant.iam.put_role_policy(RoleName=role, PolicyName="inline", PolicyDocument=document)
    tenant.iam.create_user(UserName=user)
    tenant.iam.put_user_policy(UserName=user, PolicyName="inline", PolicyDocument=document)
    secret = tenant.iam.create_access_key(UserName=user)["AccessKey"]["SecretAccessKey"]
    assert eventually(lambda: function.log(filterPattern=MARKER))
    assert holders(platform.data, MARKER, secret, FIRST.secret) == []
    assert platform.stop() == 0
    assert holders(platform.data, MARKER, secret, FIRST.secret) == []
    # The search itself works: a name is a key, and stands in clear.
    assert holders(platform.data, name)
    assert MARKER not in platform.log() and FIRST.secret not in platform.log()


def test_the_root_key_is_for_its_owner_only(start):
    platform = start()
    # Runtimes are copies of what everyone on the host can read.
    kept = [file for file in files_below(platform.data) if "runtimes" not in file.relative_to(platform.data).parts]
    keys = [file for file in kept if "key" in file.name]
    assert keys and [file for file in keys if file.stat().st_mode & 0o077] == []
    assert platform.data.stat().st_mode & 0o077 == 0
