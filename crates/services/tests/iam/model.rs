//! Random changes against a model of what must come of them: every answer, and every count at the end.

use crate::client::Client;
use crate::platform::{Platform, TRUST, allow};
use std::collections::{BTreeMap, BTreeSet};

/// Few names, so that changes meet.
const ROLES: [&str; 3] = ["r0", "r1", "r2"];
const POLICIES: [&str; 3] = ["p0", "p1", "p2"];
const PLATFORM: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

#[derive(Default)]
struct Model {
    /// ARNs that are attached, by role.
    roles: BTreeMap<&'static str, BTreeSet<String>>,
    policies: BTreeSet<&'static str>,
}

fn arn(policy: &str) -> String {
    format!("arn:aws:iam::000000000000:policy/{policy}")
}

impl Model {
    fn uses(&self, arn: &str) -> usize {
        self.roles.values().filter(|attached| attached.contains(arn)).count()
    }

    fn exists(&self, arn: &str) -> bool {
        arn == PLATFORM || self.policies.iter().any(|policy| self::arn(policy) == arn)
    }

    fn create_role(&mut self, role: &'static str) -> u16 {
        match self.roles.contains_key(role) {
            true => 409,
            false => {
                self.roles.insert(role, BTreeSet::new());
                200
            }
        }
    }

    fn delete_role(&mut self, role: &str) -> u16 {
        match self.roles.get(role) {
            None => 404,
            Some(attached) if !attached.is_empty() => 409,
            Some(_) => {
                self.roles.remove(role);
                200
            }
        }
    }

    fn create_policy(&mut self, policy: &'static str) -> u16 {
        if self.policies.insert(policy) { 200 } else { 409 }
    }

    fn delete_policy(&mut self, policy: &str) -> u16 {
        match (self.policies.contains(policy), self.uses(&arn(policy))) {
            (false, _) => 404,
            (true, 0) => {
                self.policies.remove(policy);
                200
            }
            (true, _) => 409,
        }
    }

    fn attach(&mut self, role: &str, arn: &str) -> u16 {
        let exists = self.exists(arn);
        match self.roles.get_mut(role) {
            Some(attached) if exists => {
                attached.insert(arn.to_owned());
                200
            }
            _ => 404,
        }
    }

    fn detach(&mut self, role: &str, arn: &str) -> u16 {
        let was_attached = self.roles.get_mut(role).is_some_and(|attached| attached.remove(arn));
        if was_attached { 200 } else { 404 }
    }
}

/// One change, to the service and to the model: their answers must be the same.
async fn change(owner: &Client, model: &mut Model, [action, role, policy]: [u8; 3]) {
    let role = ROLES[usize::from(role) % ROLES.len()];
    let name = POLICIES[usize::from(policy) % POLICIES.len()];
    let arn = if policy % 4 == 3 { PLATFORM.to_owned() } else { arn(name) };
    let (role_name, policy_arn) = (("RoleName", role), ("PolicyArn", arn.as_str()));
    let document = allow("s3:*");
    let (action, parameters, expected) = match action % 8 {
        0 => {
            let trust = ("AssumeRolePolicyDocument", TRUST);
            ("CreateRole", vec![role_name, trust], model.create_role(role))
        }
        1 => ("DeleteRole", vec![role_name], model.delete_role(role)),
        2 | 3 => {
            let create = vec![("PolicyName", name), ("PolicyDocument", document.as_str())];
            ("CreatePolicy", create, model.create_policy(name))
        }
        4 if arn != PLATFORM => ("DeletePolicy", vec![policy_arn], model.delete_policy(name)),
        4..=6 => ("AttachRolePolicy", vec![role_name, policy_arn], model.attach(role, &arn)),
        _ => ("DetachRolePolicy", vec![role_name, policy_arn], model.detach(role, &arn)),
    };
    let answer = owner.iam(action, &parameters).await;
    assert_eq!(answer.status, expected, "{action} {parameters:?}: {}", answer.body);
}

#[tokio::test]
async fn random_changes_come_out_as_the_model_says() {
    let platform = Platform::start().await;
    let owner = &platform.owner;
    let mut model = Model::default();
    for _ in 0..400 {
        change(owner, &mut model, seal::random_bytes::<3>().unwrap()).await;
    }
    let roles = owner.ok("ListRoles", &[]).await.texts("RoleName");
    assert_eq!(roles, model.roles.keys().copied().collect::<Vec<_>>());
    for (role, attached) in &model.roles {
        let listed = owner.ok("ListAttachedRolePolicies", &[("RoleName", role)]).await;
        assert_eq!(listed.texts("PolicyArn"), attached.iter().cloned().collect::<Vec<_>>());
    }
    let arns = model.policies.iter().map(|policy| arn(policy)).chain([PLATFORM.to_owned()]);
    for arn in arns {
        let shown = owner.ok("GetPolicy", &[("PolicyArn", &arn)]).await;
        assert_eq!(shown.text("AttachmentCount"), model.uses(&arn).to_string(), "{arn}");
    }
}
