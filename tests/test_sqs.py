"""SQS as its clients see it: what boto3 checks by itself (MD5s, shapes), and what only stories show."""

import json
import threading
import time

import pytest
from botocore.exceptions import ClientError

from harness.clients import Caller, unique
from harness.platform import FIRST, SECOND


@pytest.fixture
def sqs(platform):
    return Caller(platform, FIRST.key, FIRST.secret).client("sqs")


@pytest.fixture
def other(platform):
    return Caller(platform, SECOND.key, SECOND.secret).client("sqs")


def refused(call, **members):
    with pytest.raises(ClientError) as caught:
        call(**members)
    return caught.value.response["Error"]


def make(sqs, name=None, **attributes):
    return sqs.create_queue(QueueName=name or unique("q"), Attributes=attributes)["QueueUrl"]


def fifo(sqs, **attributes):
    return make(sqs, unique("q") + ".fifo", FifoQueue="true", **attributes)


def arn(sqs, url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def counts(sqs, url):
    shown = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
    return [int(shown[name]) for name in names]


def take(sqs, url, **members):
    return sqs.receive_message(QueueUrl=url, **members).get("Messages", [])


def test_a_queue_is_made_once_and_found(sqs, platform):
    name = unique("q")
    url = make(sqs, name, VisibilityTimeout="5")
    assert url == f"{platform.address}/{FIRST.number}/{name}"
    assert make(sqs, name) == url and make(sqs, name, VisibilityTimeout="5") == url
    error = refused(sqs.create_queue, QueueName=name, Attributes={"VisibilityTimeout": "6"})
    assert error["Code"] == "QueueAlreadyExists"
    assert error["Message"].endswith("a different value for attribute VisibilityTimeout")
    assert sqs.get_queue_url(QueueName=name)["QueueUrl"] == url
    assert sqs.list_queues(QueueNamePrefix=name)["QueueUrls"] == [url]
    sqs.delete_queue(QueueUrl=url)
    error = refused(sqs.get_queue_url, QueueName=name)
    assert (error["Code"], error["Message"]) == (
        "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."
    )
    again = make(sqs, name)
    assert again == url and counts(sqs, again) == [0, 0, 0]


def test_pages_of_queues(sqs):
    prefix = unique("page")
    urls = sorted(make(sqs, f"{prefix}-{nth}") for nth in range(5))
    seen, token = [], {}
    while True:
        page = sqs.list_queues(QueueNamePrefix=prefix, MaxResults=2, **token)
        seen += page["QueueUrls"]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == urls


@pytest.mark.parametrize(
    "name, attributes, code",
    [
        ("a b", {}, "InvalidParameterValue"),
        ("x" * 81, {}, "InvalidParameterValue"),
        ("a.fifo", {}, "InvalidParameterValue"),
        ("a", {"FifoQueue": "true"}, "InvalidParameterValue"),
        ("a", {"VisibilityTimeout": "43201"}, "InvalidAttributeValue"),
        ("a", {"MaximumMessageSize": "1048577"}, "InvalidAttributeValue"),
        ("a", {"DelaySeconds": "-1"}, "InvalidAttributeValue"),
        ("a", {"KmsMasterKeyId": "alias/aws/sqs"}, "InvalidAttributeValue"),
        ("a", {"ContentBasedDeduplication": "true"}, "InvalidAttributeName"),
        ("a", {"Nonsense": "1"}, "InvalidAttributeName"),
        ("a", {"Policy": "{"}, "InvalidAttributeValue"),
        ("a", {"RedrivePolicy": "{}"}, "InvalidParameterValue"),
    ],
)
def test_what_makes_no_queue(sqs, name, attributes, code):
    assert refused(sqs.create_queue, QueueName=name, Attributes=attributes)["Code"] == code


def test_messages_come_as_they_were_sent(sqs):
    url = make(sqs)
    attributes = {
        "text": {"DataType": "String", "StringValue": "é\u2028"},
        "number": {"DataType": "Number.int", "StringValue": "7"},
        "bytes": {"DataType": "Binary", "BinaryValue": bytes(range(256))},
    }
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
    body = "héllo \U0001f600\n\"quoted\""
    sent = sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes, MessageSystemAttributes=trace)
    [got] = take(sqs, url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"])
    assert (got["Body"], got["MessageId"]) == (body, sent["MessageId"])
    assert got["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert got["MessageAttributes"]["bytes"]["BinaryValue"] == bytes(range(256))
    assert got["MessageAttributes"]["text"]["StringValue"] == "é\u2028"
    system = got["Attributes"]
    assert system["SenderId"] == FIRST.number and system["ApproximateReceiveCount"] == "1"
    assert system["AWSTraceHeader"].startswith("Root=") and abs(int(system["SentTimestamp"]) / 1000 - time.time()) < 60
    assert counts(sqs, url) == [0, 1, 0]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"], VisibilityTimeout=0)
    [again] = take(sqs, url, MessageAttributeNames=["te.*"], AttributeNames=["ApproximateReceiveCount"])
    assert again["Attributes"] == {"ApproximateReceiveCount": "2"} and list(again["MessageAttributes"]) == ["text"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])
    assert counts(sqs, url) == [0, 0, 0]
    error = refused(sqs.change_message_visibility, QueueUrl=url, ReceiptHandle=again["ReceiptHandle"], VisibilityTimeout=1)
    assert error["Code"] == "InvalidParameterValue"


def test_a_receipt_is_good_in_its_own_queue_only(sqs):
    url, neighbour = make(sqs), make(sqs)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    [got] = take(sqs, url)
    for handle in (got["ReceiptHandle"], "nonsense", got["ReceiptHandle"][4:]):
        queue = neighbour if handle == got["ReceiptHandle"] else url
        assert refused(sqs.delete_message, QueueUrl=queue, ReceiptHandle=handle)["Code"] == "ReceiptHandleIsInvalid"
    assert counts(sqs, url) == [0, 1, 0]


def test_sizes(sqs):
    url, small = make(sqs), make(sqs, MaximumMessageSize="1024")
    sqs.send_message(QueueUrl=url, MessageBody="é" * (1 << 19))
    assert len(take(sqs, url)[0]["Body"]) == 1 << 19
    for queue, body in ((url, "x" * ((1 << 20) + 1)), (small, "x" * 1025)):
        error = refused(sqs.send_message, QueueUrl=queue, MessageBody=body)
        assert (error["Code"], "must be shorter than" in error["Message"]) == ("InvalidParameterValue", True)
    entries = [{"Id": str(nth), "MessageBody": "x" * (1 << 19)} for nth in range(3)]
    error = refused(sqs.send_message_batch, QueueUrl=url, Entries=entries)
    assert error["Code"] == "AWS.SimpleQueueService.BatchRequestTooLong"


def test_batches_answer_for_each_entry(sqs):
    url = make(sqs)
    entries = [{"Id": f"m{nth}", "MessageBody": str(nth)} for nth in range(9)]
    answer = sqs.send_message_batch(QueueUrl=url, Entries=[*entries, {"Id": "bad", "MessageBody": "x", "DelaySeconds": 901}])
    assert len(answer["Successful"]) == 9
    assert [(one["Id"], one["Code"], one["SenderFault"]) for one in answer["Failed"]] == [("bad", "InvalidParameterValue", True)]
    got = take(sqs, url, MaxNumberOfMessages=10)
    assert sorted(one["Body"] for one in got) == [str(nth) for nth in range(9)]
    hide = [{"Id": str(nth), "ReceiptHandle": one["ReceiptHandle"], "VisibilityTimeout": 60} for nth, one in enumerate(got)]
    answer = sqs.change_message_visibility_batch(QueueUrl=url, Entries=[*hide[:3], {"Id": "x", "ReceiptHandle": "no", "VisibilityTimeout": 1}])
    assert (len(answer["Successful"]), answer["Failed"][0]["Code"]) == (3, "ReceiptHandleIsInvalid")
    gone = [{"Id": str(nth), "ReceiptHandle": one["ReceiptHandle"]} for nth, one in enumerate(got)]
    assert len(sqs.delete_message_batch(QueueUrl=url, Entries=gone)["Successful"]) == 9
    assert counts(sqs, url) == [0, 0, 0]
    for entries, code in (
        ([], "EmptyBatchRequest"), (gone[:1] * 2, "BatchEntryIdsNotDistinct"),
        ([{**gone[0], "Id": str(nth)} for nth in range(11)], "TooManyEntriesInBatchRequest"),
        ([{**gone[0], "Id": "a b"}], "InvalidBatchEntryId"),
    ):
        error = refused(sqs.delete_message_batch, QueueUrl=url, Entries=entries)
        assert error["Code"] == f"AWS.SimpleQueueService.{code}"


def test_delays_and_visibility(sqs):
    url = make(sqs, VisibilityTimeout="1")
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=1)
    assert take(sqs, url) == [] and counts(sqs, url) == [0, 0, 1]
    began = time.monotonic()
    [got] = take(sqs, url, WaitTimeSeconds=10)
    assert 0.5 < time.monotonic() - began < 8
    [again] = take(sqs, url, WaitTimeSeconds=10)
    assert again["MessageId"] == got["MessageId"]


def test_a_long_poll_ends_with_the_message_or_with_its_time(sqs, platform):
    url = make(sqs)
    began = time.monotonic()
    assert take(sqs, url, WaitTimeSeconds=1) == [] and 0.9 < time.monotonic() - began < 10
    sender = Caller(platform, FIRST.key, FIRST.secret).client("sqs")
    timer = threading.Timer(1, lambda: sender.send_message(QueueUrl=url, MessageBody="now"))
    timer.start()
    began = time.monotonic()
    assert [one["Body"] for one in take(sqs, url, WaitTimeSeconds=20)] == ["now"]
    assert time.monotonic() - began < 10
    timer.join()


def test_dead_letters_are_moved_once(sqs):
    dead = make(sqs)
    policy = json.dumps({"deadLetterTargetArn": arn(sqs, dead), "maxReceiveCount": 2})
    url = make(sqs, VisibilityTimeout="0", RedrivePolicy=policy)
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [url]
    sent = sqs.send_message(QueueUrl=url, MessageBody="poison")
    assert [len(take(sqs, url)) for _ in range(4)] == [1, 1, 0, 0]
    assert (counts(sqs, url), counts(sqs, dead)) == ([0, 0, 0], [1, 0, 0])
    [got] = take(sqs, dead, MessageSystemAttributeNames=["All"])
    assert (got["Body"], got["MessageId"]) == ("poison", sent["MessageId"])
    assert got["Attributes"]["DeadLetterQueueSourceArn"] == arn(sqs, url)
    error = refused(
        sqs.set_queue_attributes, QueueUrl=url,
        Attributes={"RedrivePolicy": policy.replace(arn(sqs, dead), arn(sqs, dead) + "-not")},
    )
    assert error["Message"].endswith("Reason: Dead letter target does not exist.")
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": '{"redrivePermission":"denyAll"}'})
    assert refused(sqs.create_queue, QueueName=unique(), Attributes={"RedrivePolicy": policy})["Code"] == "InvalidParameterValue"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == []


def test_a_fifo_queue_keeps_groups_in_order_and_takes_nothing_twice(sqs):
    url = fifo(sqs, ContentBasedDeduplication="true")
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="x")["Code"] == "MissingParameter"
    first = sqs.send_message(QueueUrl=url, MessageBody="a1", MessageGroupId="a")
    twice = sqs.send_message(QueueUrl=url, MessageBody="a1", MessageGroupId="a")
    assert (twice["MessageId"], twice["SequenceNumber"]) == (first["MessageId"], first["SequenceNumber"])
    for body, group in (("a2", "a"), ("b1", "b"), ("a3", "a")):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group)
    [one] = take(sqs, url)
    rest = take(sqs, url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"])
    assert (one["Body"], [other["Body"] for other in rest]) == ("a1", ["b1"])
    assert rest[0]["Attributes"]["MessageGroupId"] == "b" and len(rest[0]["Attributes"]["SequenceNumber"]) == 20
    sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    assert [other["Body"] for other in take(sqs, url, MaxNumberOfMessages=10)] == ["a2", "a3"]
    error = refused(sqs.send_message, QueueUrl=url, MessageBody="d", MessageGroupId="a", DelaySeconds=1)
    assert error["Code"] == "InvalidParameterValue"
    standard = make(sqs)
    error = refused(sqs.send_message, QueueUrl=standard, MessageBody="d", MessageDeduplicationId="a")
    assert error["Code"] == "InvalidParameterValue"


@pytest.mark.limit(180)
def test_fifo_order_under_eight_consumers(sqs, platform):
    url = fifo(sqs, DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    groups, each = 5, 12
    for nth in range(each):
        entries = [
            {"Id": str(group), "MessageBody": f"{group}:{nth}", "MessageGroupId": str(group), "MessageDeduplicationId": str(nth)}
            for group in range(groups)
        ]
        assert len(sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == groups
    seen, lock = [], threading.Lock()

    def consume():
        client = Caller(platform, FIRST.key, FIRST.secret).client("sqs")
        while True:
            with lock:
                if len(seen) == groups * each:
                    return
            for one in client.receive_message(QueueUrl=url, MaxNumberOfMessages=3, WaitTimeSeconds=1).get("Messages", []):
                with lock:
                    seen.append(one["Body"])
                client.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])

    consumers = [threading.Thread(target=consume) for _ in range(8)]
    for consumer in consumers:
        consumer.start()
    for consumer in consumers:
        consumer.join()
    for group in range(groups):
        of_group = [body for body in seen if body.startswith(f"{group}:")]
        assert of_group == [f"{group}:{nth}" for nth in range(each)]


def test_a_purge_takes_all_and_comes_once_a_minute(sqs):
    url = make(sqs)
    for nth in range(5):
        sqs.send_message(QueueUrl=url, MessageBody=str(nth), DelaySeconds=nth % 2 * 100)
    take(sqs, url)
    sqs.purge_queue(QueueUrl=url)
    assert counts(sqs, url) == [0, 0, 0]
    assert refused(sqs.purge_queue, QueueUrl=url)["Code"] == "AWS.SimpleQueueService.PurgeQueueInProgress"
    sqs.send_message(QueueUrl=url, MessageBody="after")
    assert counts(sqs, url) == [1, 0, 0]


def test_another_account_needs_both_sides(sqs, other):
    url = make(sqs)
    code = refused(other.send_message, QueueUrl=url, MessageBody="x")["Code"]
    assert code.startswith("AccessDenied")
    sqs.add_permission(QueueUrl=url, Label="share", AWSAccountIds=[SECOND.number], Actions=["SendMessage", "ReceiveMessage"])
    other.send_message(QueueUrl=url, MessageBody="from outside")
    [got] = take(sqs, url, AttributeNames=["SenderId"])
    assert got["Attributes"]["SenderId"] == SECOND.number
    assert refused(other.delete_message, QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])["Code"].startswith("AccessDenied")
    everything = {"Version": "2012-10-17", "Statement": [{"Sid": "all", "Effect": "Allow", "Principal": {"AWS": SECOND.number}, "Action": "sqs:*", "Resource": arn(sqs, url)}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(everything)})
    other.delete_message(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])
    assert refused(other.delete_queue, QueueUrl=url)["Code"].startswith("AccessDenied"), "never another account's"
    sqs.remove_permission(QueueUrl=url, Label="all")
    assert refused(other.send_message, QueueUrl=url, MessageBody="x")["Code"].startswith("AccessDenied")
    assert "Policy" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def test_bad_parameters_are_refused_in_the_services_words(sqs, platform):
    url, free = make(sqs), Caller(platform, FIRST.key, FIRST.secret).unchecked().client("sqs")
    error = refused(free.send_message, QueueUrl=url)
    assert (error["Code"], error["Message"]) == ("MissingParameter", "The request must contain the parameter MessageBody.")
    error = refused(sqs.receive_message, QueueUrl=url, MaxNumberOfMessages=11)
    assert error["Message"] == "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
    assert refused(sqs.receive_message, QueueUrl=url, WaitTimeSeconds=21)["Code"] == "InvalidParameterValue"
    assert refused(sqs.receive_message, QueueUrl=url, AttributeNames=["Nonsense"])["Code"] == "InvalidAttributeName"
    assert refused(sqs.send_message, QueueUrl=url, MessageBody="\x0b")["Code"] == "InvalidMessageContents"
    missing = url + "-not"
    for call in (sqs.get_queue_attributes, sqs.purge_queue, sqs.receive_message, sqs.list_queue_tags):
        assert refused(call, QueueUrl=missing)["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert refused(sqs.start_message_move_task, SourceArn=arn(sqs, url))["Code"] == "NotImplementedException"


@pytest.mark.limit(180)
def test_messages_outlive_a_kill_and_stand_in_no_file(start):
    marker = unique("marker")
    one = start()
    sqs = Caller(one, FIRST.key, FIRST.secret).client("sqs")
    name = unique("q")
    url = make(sqs, name)
    secret = {"secret": {"DataType": "String", "StringValue": f"{marker}-attribute"}}
    sent = sqs.send_message(QueueUrl=url, MessageBody=f"{marker}-body", MessageAttributes=secret)
    sqs.send_message(QueueUrl=url, MessageBody="taken")
    before = take(sqs, url, MaxNumberOfMessages=10)
    data = one.data
    one.kill()
    for path in data.rglob("*"):
        if path.is_file():
            assert marker.encode() not in path.read_bytes(), path
    again = start(data=data)
    sqs = Caller(again, FIRST.key, FIRST.secret).client("sqs")
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    assert counts(sqs, url) == [0, 2, 0]
    receipt = next(message["ReceiptHandle"] for message in before if message["Body"] == "taken")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=receipt)
    left = next(message for message in before if message["Body"] != "taken")
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=left["ReceiptHandle"], VisibilityTimeout=0)
    [got] = take(sqs, url, MessageAttributeNames=["All"])
    assert (got["MessageId"], got["Body"]) == (sent["MessageId"], f"{marker}-body")
    assert got["MessageAttributes"]["secret"]["StringValue"] == f"{marker}-attribute"
