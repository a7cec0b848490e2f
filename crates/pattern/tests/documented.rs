//! The examples of the service's documentation, and what it says in words, one row each.

#![allow(clippy::unwrap_used, reason = "a test fails where it must not go on")]

use pattern::{CHARACTERS, Pattern};
use serde_json::Value;

#[track_caller]
fn check(pattern: &str, matching: &[&str], others: &[&str]) {
    let compiled = Pattern::parse(pattern, CHARACTERS).unwrap_or_else(|error| panic!("{pattern}: {error}"));
    let matches = |event: &&str| compiled.matches(&serde_json::from_str(event).unwrap());
    for event in matching {
        assert!(matches(event), "{pattern} must match {event}");
    }
    for event in others {
        assert!(!matches(event), "{pattern} must not match {event}");
    }
}

/// The event of the documentation's examples, with some of `detail` replaced.
fn sample(detail: &str) -> String {
    format!(
        r#"{{"version":"0","id":"6a7e8feb-b491-4cf7-a9f1-bf3703467718","source":"aws.ec2","account":"111122223333",
        "detail-type":"EC2 Instance State-change Notification","time":"2017-10-02T16:24:49Z","region":"us-east-1",
        "resources":["arn:aws:ec2:us-east-1:123456789012:instance/i-000000aaaaaa00000"],"detail":{detail}}}"#
    )
}

#[test]
fn fields_are_and_values_are_or() {
    let pattern = r#"{"source":["aws.ec2"],"detail-type":["EC2 Instance State-change Notification"],
        "detail":{"state":["initializing","terminated"]}}"#;
    check(
        pattern,
        &[&sample(r#"{"state":"terminated"}"#)],
        &[&sample(r#"{"state":"running"}"#), "{}", "[]", "1"],
    );
    check(
        r#"{"Location":["New York"],"Day":["Monday"]}"#,
        &[r#"{"Location":"New York","Day":"Monday","x":1}"#],
        &[r#"{"Location":"New York"}"#, r#"{"Location":"New York","Day":"Tuesday"}"#],
    );
}

#[test]
fn exact_values_have_a_type() {
    check(r#"{"a":["1"]}"#, &[r#"{"a":"1"}"#], &[r#"{"a":1}"#, r#"{"a":"1.0"}"#, r#"{"a":{"a":"1"}}"#]);
    check(r#"{"a":[true]}"#, &[r#"{"a":true}"#], &[r#"{"a":"true"}"#, r#"{"a":false}"#]);
    check(
        r#"{"UserID":[null]}"#,
        &[r#"{"UserID":null}"#],
        &[r#"{"UserID":"null"}"#, r#"{"UserID":""}"#, "{}"],
    );
    check(r#"{"LastName":[""]}"#, &[r#"{"LastName":""}"#], &[r#"{"LastName":null}"#, r#"{"LastName":" "}"#]);
    check(r#"{"a":["A"]}"#, &[], &[r#"{"a":"a"}"#, r#"{"a":"Ａ"}"#]);
    check(r#"{"a":[{"exactly":"b"}]}"#, &[r#"{"a":"b"}"#], &[r#"{"a":"bb"}"#]);
}

#[test]
fn numbers_are_equal_by_value() {
    check(
        r#"{"a":[300]}"#,
        &[r#"{"a":300}"#, r#"{"a":300.0}"#, r#"{"a":3.0e2}"#],
        &[r#"{"a":"300"}"#, r#"{"a":301}"#],
    );
    check(r#"{"a":[1e0,-0.0]}"#, &[r#"{"a":1}"#, r#"{"a":0}"#], &[r#"{"a":-1}"#]);
    // Six digits after the point.
    check(r#"{"a":[0.1]}"#, &[r#"{"a":0.1000000001}"#], &[r#"{"a":0.100001}"#]);
    // Outside of what is ordered: an account's id.
    check(
        r#"{"a":[123456789012]}"#,
        &[r#"{"a":123456789012}"#],
        &[r#"{"a":123456789013}"#, r#"{"a":"123456789012"}"#],
    );
    check(r#"{"a":[18446744073709551615]}"#, &[r#"{"a":18446744073709551615}"#], &[r#"{"a":-1}"#]);
}

#[test]
fn prefixes_and_suffixes() {
    check(
        r#"{"time":[{"prefix":"2017-10-02"}]}"#,
        &[&sample("{}")],
        &[r#"{"time":"2017-10-0"}"#, r#"{"time":2017}"#],
    );
    let pattern = r#"{"detail":{"service":[{"prefix":{"equals-ignore-case":"EventB"}}]}}"#;
    let services = ["EventBridge", "EVENTBRIDGE", "eventbridge"]
        .map(|name| sample(&format!(r#"{{"service":"{name}"}}"#)));
    check(pattern, &services.each_ref().map(String::as_str), &[&sample(r#"{"service":"Event"}"#)]);
    check(r#"{"FileName":[{"suffix":".png"}]}"#, &[r#"{"FileName":"a.png"}"#], &[r#"{"FileName":"a.PNG"}"#]);
    let pattern = r#"{"FileName":[{"suffix":{"equals-ignore-case":".png"}}]}"#;
    check(
        pattern,
        &[r#"{"FileName":"a.png"}"#, r#"{"FileName":"a.PnG"}"#],
        &[r#"{"FileName":"png"}"#, r#"{"FileName":1}"#],
    );
    check(r#"{"a":[{"prefix":""}]}"#, &[r#"{"a":""}"#, r#"{"a":"x"}"#], &[r#"{"a":1}"#, r#"{"a":null}"#]);
}

#[test]
fn equals_ignore_case_and_wildcards() {
    let pattern = r#"{"detail-type":[{"equals-ignore-case":"ec2 instance state-change notification"}]}"#;
    check(pattern, &[&sample("{}")], &[r#"{"detail-type":"ec2 instance"}"#]);
    check(
        r#"{"EventBusArn":[{"wildcard":"*"}]}"#,
        &[r#"{"EventBusArn":""}"#, r#"{"EventBusArn":"a"}"#],
        &["{}", r#"{"EventBusArn":1}"#],
    );
    let pattern = r#"{"FilePath":[{"wildcard":"dir/*.png"}]}"#;
    check(
        pattern,
        &[r#"{"FilePath":"dir/a.png"}"#, r#"{"FilePath":"dir/sub/.png"}"#],
        &[r#"{"FilePath":"dir/a.jpg"}"#],
    );
    let pattern = r#"{"resources":[{"wildcard":"arn:*:ec2:us-*:*:instance/*"}]}"#;
    check(pattern, &[&sample("{}")], &[r#"{"resources":["arn:aws:s3:::bucket"]}"#]);
    check(
        r#"{"a":[{"wildcard":"a\\*b\\\\*"}]}"#,
        &[r#"{"a":"a*b\\"}"#, r#"{"a":"a*b\\c"}"#],
        &[r#"{"a":"axb\\"}"#],
    );
}

#[test]
fn anything_but() {
    let state = |state: &str| sample(&format!(r#"{{"state":{state}}}"#));
    let pattern = r#"{"detail":{"state":[{"anything-but":"initializing"}]}}"#;
    check(
        pattern,
        &[&state("\"running\""), &state("5"), &state("null")],
        &[&state("\"initializing\""), &sample("{}")],
    );
    let pattern = r#"{"detail":{"state":[{"anything-but":["stopped","overloaded"]}]}}"#;
    check(pattern, &[&state("\"running\"")], &[&state("\"stopped\""), &state("\"overloaded\"")]);
    let pattern = r#"{"detail":{"x-limit":[{"anything-but":123}]}}"#;
    check(
        pattern,
        &[&sample(r#"{"x-limit":124}"#), &sample(r#"{"x-limit":"123"}"#)],
        &[&sample(r#"{"x-limit":123.0}"#)],
    );
    let pattern = r#"{"detail":{"x-limit":[{"anything-but":[100,200,300]}]}}"#;
    check(pattern, &[&sample(r#"{"x-limit":301.8}"#)], &[&sample(r#"{"x-limit":200}"#)]);
    // One element that isn't excluded is enough.
    check(
        r#"{"tags":[{"anything-but":"banned"}]}"#,
        &[r#"{"tags":["banned","ok"]}"#],
        &[r#"{"tags":["banned"]}"#, r#"{"tags":[]}"#],
    );
}

#[test]
fn anything_but_with_an_operator() {
    let excluding = |inner: &str| format!(r#"{{"a":[{{"anything-but":{inner}}}]}}"#);
    check(
        &excluding(r#"{"prefix":"init"}"#),
        &[r#"{"a":"running"}"#, r#"{"a":1}"#],
        &[r#"{"a":"initializing"}"#, "{}"],
    );
    check(&excluding(r#"{"prefix":["init","error"]}"#), &[r#"{"a":"running"}"#], &[r#"{"a":"errors"}"#]);
    check(&excluding(r#"{"suffix":".txt"}"#), &[r#"{"a":"a.png"}"#], &[r#"{"a":".txt"}"#]);
    check(&excluding(r#"{"suffix":[".txt",".rtf"]}"#), &[r#"{"a":"a.png"}"#], &[r#"{"a":"a.rtf"}"#]);
    check(
        &excluding(r#"{"equals-ignore-case":"initializing"}"#),
        &[r#"{"a":"x"}"#],
        &[r#"{"a":"INITIALIZING"}"#],
    );
    check(&excluding(r#"{"equals-ignore-case":["x","y"]}"#), &[r#"{"a":"z"}"#], &[r#"{"a":"Y"}"#]);
    check(&excluding(r#"{"wildcard":"*/lib/*"}"#), &[r#"{"a":"/bin/sh"}"#], &[r#"{"a":"/usr/lib/x"}"#]);
    check(
        &excluding(r#"{"wildcard":["*/lib/*","*/bin/*"]}"#),
        &[r#"{"a":"/etc"}"#],
        &[r#"{"a":"/usr/bin/x"}"#],
    );
}

#[test]
fn numeric() {
    let pattern = r#"{"detail":{"c-count":[{"numeric":[">",0,"<=",5]}],"d-count":[{"numeric":["<",10]}],"x-limit":[{"numeric":["=",3.018e2]}]}}"#;
    check(
        pattern,
        &[&sample(r#"{"c-count":5,"d-count":3,"x-limit":301.8}"#)],
        &[
            &sample(r#"{"c-count":0,"d-count":3,"x-limit":301.8}"#),
            &sample(r#"{"c-count":5.000001,"d-count":3,"x-limit":301.8}"#),
            &sample(r#"{"c-count":"5","d-count":3,"x-limit":301.8}"#),
            &sample(r#"{"c-count":5,"d-count":10,"x-limit":301.8}"#),
        ],
    );
    check(
        r#"{"a":[{"numeric":[">=",-5.0e9,"<=",5e9]}]}"#,
        &[r#"{"a":5000000000}"#, r#"{"a":-5000000000.0}"#],
        &[r#"{"a":5000000001}"#, r#"{"a":-1e300}"#],
    );
    check(
        r#"{"a":[{"numeric":[">",1]}]}"#,
        &[r#"{"a":1.000001}"#, r#"{"a":4999999999.999999}"#],
        &[r#"{"a":1}"#, r#"{"a":5000000000.000001}"#.replace("000001", "1").as_str()],
    );
}

#[test]
fn cidr() {
    let pattern = r#"{"detail":{"sourceIPAddress":[{"cidr":"10.0.0.0/24"}]}}"#;
    let from = |address: &str| sample(&format!(r#"{{"sourceIPAddress":"{address}"}}"#));
    check(
        pattern,
        &[&from("10.0.0.0"), &from("10.0.0.255")],
        &[&from("10.0.1.0"), &from("10.0.0"), &from("::ffff:10.0.0.1")],
    );
    check(
        r#"{"a":[{"cidr":"2001:db8::/32"}]}"#,
        &[r#"{"a":"2001:DB8:0:0:0:0:0:1"}"#],
        &[r#"{"a":"2001:db9::"}"#, r#"{"a":"32.1.13.184"}"#],
    );
    check(
        r#"{"a":[{"cidr":"10.1.2.3/32"},{"cidr":"::1/128"}]}"#,
        &[r#"{"a":"10.1.2.3"}"#, r#"{"a":"::1"}"#],
        &[r#"{"a":"10.1.2.4"}"#],
    );
    check(
        r#"{"a":[{"cidr":"54.240.196.171/24"}]}"#,
        &[r#"{"a":"54.240.196.0"}"#],
        &[r#"{"a":"54.240.197.0"}"#],
    );
    check(r#"{"a":[{"cidr":"0.0.0.0/0"}]}"#, &[r#"{"a":"255.1.2.3"}"#], &[r#"{"a":"::1"}"#, r#"{"a":1}"#]);
}

#[test]
fn exists_is_about_leaves() {
    let absent = r#"{"detail":{"c-count":[{"exists":false}]}}"#;
    check(
        absent,
        &[
            &sample(r#"{"state":"running"}"#),
            &sample(r#"{"c-count":{"c1":100}}"#),
            &sample(r#"{"c-count":[]}"#),
            "{}",
        ],
        &[&sample(r#"{"c-count":5}"#), &sample(r#"{"c-count":null}"#)],
    );
    let present = r#"{"detail":{"c-count":[{"exists":true}]}}"#;
    check(
        present,
        &[&sample(r#"{"c-count":null}"#), &sample(r#"{"c-count":[5]}"#)],
        &[&sample("{}"), &sample(r#"{"c-count":{"c1":100}}"#)],
    );
    check(r#"{"a":["x",{"exists":false}]}"#, &["{}", r#"{"a":"x"}"#], &[r#"{"a":"y"}"#]);
}

#[test]
fn or_is_about_fields() {
    let pattern = r#"{"source":["aws.cloudwatch"],"$or":[{"metricName":["CPUUtilization","ReadLatency"]},
        {"metricType":["MetricType"],"namespace":["AWS/EC2","AWS/ES"],"$or":[{"metricId":[1234]},{"spaceId":[1000]}]},
        {"scope":["Service"]}]}"#;
    check(
        pattern,
        &[
            r#"{"source":"aws.cloudwatch","metricName":"ReadLatency"}"#,
            r#"{"source":"aws.cloudwatch","scope":"Service"}"#,
            r#"{"source":"aws.cloudwatch","metricType":"MetricType","namespace":"AWS/ES","spaceId":1000}"#,
        ],
        &[
            r#"{"source":"aws.ec2","scope":"Service"}"#,
            r#"{"source":"aws.cloudwatch","metricType":"MetricType","namespace":"AWS/ES"}"#,
            r#"{"source":"aws.cloudwatch","metricType":"MetricType","metricId":1234}"#,
        ],
    );
    let parallel = r#"{"$or":[{"a":[1]},{"b":[1]}],"detail":{"$or":[{"c":[{"numeric":[">",0,"<=",5]}]},{"d":[{"numeric":["<",10]}]}]}}"#;
    check(
        parallel,
        &[r#"{"b":1,"detail":{"d":9}}"#],
        &[r#"{"b":1}"#, r#"{"detail":{"d":9}}"#, r#"{"b":1,"detail":{"c":6}}"#],
    );
}

#[test]
fn arrays_are_looked_through_element_by_element() {
    let resources = r#"{"resources":["arn:aws:ec2:us-east-1:123456789012:instance/i-b188560f","arn:other"]}"#;
    check(
        resources,
        &[r#"{"resources":["arn:x","arn:aws:ec2:us-east-1:123456789012:instance/i-b188560f"]}"#],
        &[r#"{"resources":["arn:x"]}"#],
    );
    let people = r#"{"employees":[[{"firstName":"John","lastName":"Doe"},{"firstName":"Anna","lastName":"Smith"}],
        [{"firstName":"Peter","lastName":"Jones"}]]}"#;
    check(r#"{"employees":{"firstName":["Anna"]}}"#, &[people], &[]);
    check(r#"{"employees":{"firstName":["Anna"],"lastName":["Smith"]}}"#, &[people], &[]);
    check(r#"{"employees":{"firstName":["Anna"],"lastName":["Jones"]}}"#, &[], &[people]);
    // The same where one of the two stands in `$or`.
    let or = r#"{"employees":{"firstName":["Anna"]},"$or":[{"employees":{"lastName":["Jones"]}},{"x":[1]}]}"#;
    check(or, &[], &[people]);
    check(&or.replace("Jones", "Smith"), &[people], &[]);
}

#[test]
fn absence_in_arrays_is_of_the_element_that_was_found() {
    let list = r#"{"d":[{"a":1,"b":2},{"a":3}]}"#;
    check(r#"{"d":{"a":[3],"b":[{"exists":false}]}}"#, &[list], &[]);
    check(r#"{"d":{"a":[1],"b":[{"exists":false}]}}"#, &[], &[list]);
    check(r#"{"d":{"b":[{"exists":false}]}}"#, &[r#"{"d":[{"a":1}]}"#, r#"{"d":[]}"#], &[list]);
}

#[test]
fn of_what_a_pattern_says_twice_objects_add_up_and_values_override() {
    check(
        r#"{"d":{"a":[1]},"d":{"b":[2]}}"#,
        &[r#"{"d":{"a":1,"b":2}}"#],
        &[r#"{"d":{"a":1}}"#, r#"{"d":{"b":2}}"#],
    );
    check(r#"{"a":[1],"a":[2]}"#, &[r#"{"a":2}"#], &[r#"{"a":1}"#]);
    check(
        r#"{"a":[1],"$or":[{"a":[2]},{"b":[3]}]}"#,
        &[r#"{"a":2}"#, r#"{"a":1,"b":3}"#],
        &[r#"{"a":1}"#, r#"{"b":3}"#],
    );
    check(r#"{"$or":[{"a":[2]},{"b":[3]}],"a":[1]}"#, &[r#"{"a":1}"#], &[r#"{"a":2}"#, r#"{"b":3}"#]);
    check(
        r#"{"a":[1],"$or":[{"a":{"b":[2]}},{"c":[3]}]}"#,
        &[r#"{"a":[1,{"b":2}]}"#],
        &[r#"{"a":{"b":2}}"#, r#"{"a":1}"#],
    );
}

#[test]
fn an_event_of_any_depth_that_is_read_is_matched() {
    let deep = format!("{}1{}", "[".repeat(120), "]".repeat(120));
    let event: Value = serde_json::from_str(&format!(r#"{{"a":{deep}}}"#)).unwrap();
    assert!(Pattern::parse(r#"{"a":[1]}"#, CHARACTERS).unwrap().matches(&event));
}
