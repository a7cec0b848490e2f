//! The ways in which callers name a function.
//!
//! Source: the parameter FunctionName in the API reference: a name, a partial ARN (`ACCOUNT:function:NAME`) or a full
//! ARN, each with an optional qualifier.

use crate::{AccountId, Arn, FunctionName, Qualifier, Region};

/// A function as a caller named it, with the account and region filled in from the request where the caller left them out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionRef {
    /// The owner.
    pub account: AccountId,
    /// Where it lives.
    pub region: Region,
    /// Its name.
    pub name: FunctionName,
    /// The version or alias that was asked for.
    pub qualifier: Option<Qualifier>,
}

/// Why a text doesn't name a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FunctionRefError {
    /// It is neither a name nor an ARN of a function.
    #[error("not a function's name, partial ARN or ARN")]
    Malformed,
    /// The name carries another qualifier than the parameter Qualifier.
    #[error("the qualifier in the name and the parameter differ")]
    QualifierMismatch,
}

impl FunctionRef {
    /// Reads FunctionName and the separate parameter Qualifier of a request made by `account` in `region`.
    ///
    /// # Errors
    /// See [`FunctionRefError`].
    pub fn parse(
        text: &str,
        qualifier: Option<&str>,
        account: AccountId,
        region: &Region,
    ) -> Result<Self, FunctionRefError> {
        use FunctionRefError::{Malformed, QualifierMismatch};
        let (account, region, rest) = Self::place(text, account, region)?;
        let (name, derived) = match rest.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (rest, None),
        };
        if let (Some(derived), Some(given)) = (derived, qualifier)
            && derived != given
        {
            return Err(QualifierMismatch);
        }
        let qualifier = derived.or(qualifier).map(str::parse).transpose().map_err(|_| Malformed)?;
        Ok(Self { account, region, name: name.parse().map_err(|_| Malformed)?, qualifier })
    }

    /// Where the function lives, and what stands behind `function:`.
    fn place<'t>(
        text: &'t str,
        account: AccountId,
        region: &Region,
    ) -> Result<(AccountId, Region, &'t str), FunctionRefError> {
        use FunctionRefError::Malformed;
        if text.starts_with("arn:") {
            let arn: Arn = text.parse().map_err(|_| Malformed)?;
            let account = arn.account_id().ok_or(Malformed)?;
            let region = arn.region.parse().map_err(|_| Malformed)?;
            let start = text.len() - arn.resource.len();
            let rest = text[start..].strip_prefix("function:").ok_or(Malformed)?;
            return if arn.service == "lambda" { Ok((account, region, rest)) } else { Err(Malformed) };
        }
        match text.split_once(":function:") {
            Some((owner, rest)) => Ok((owner.parse().map_err(|_| Malformed)?, region.clone(), rest)),
            None => Ok((account, region.clone(), text.strip_prefix("function:").unwrap_or(text))),
        }
    }

    /// The function's ARN without a qualifier.
    pub fn unqualified_arn(&self) -> String {
        let Self { account, region, name, .. } = self;
        format!("arn:aws:lambda:{region}:{account}:function:{name}")
    }

    /// The ARN as it was asked for: with the qualifier, where there was one.
    pub fn arn(&self) -> String {
        let Self { account, region, name, qualifier } = self;
        match qualifier {
            Some(qualifier) => format!("arn:aws:lambda:{region}:{account}:function:{name}:{qualifier}"),
            None => self.unqualified_arn(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Version;

    fn parse(text: &str, qualifier: Option<&str>) -> Result<FunctionRef, FunctionRefError> {
        FunctionRef::parse(text, qualifier, AccountId::FIRST, &Region::default())
    }

    #[test]
    fn every_form_names_the_same_function() {
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:echo";
        for text in ["echo", "000000000000:function:echo", "function:echo", arn] {
            assert_eq!(parse(text, None).unwrap().arn(), arn, "{text}");
            assert_eq!(parse(&format!("{text}:7"), None).unwrap().arn(), format!("{arn}:7"));
        }
    }

    #[test]
    fn another_account_and_region_are_kept() {
        let text = "arn:aws:lambda:eu-west-1:123456789012:function:echo:$LATEST";
        let parsed = parse(text, None).unwrap();
        assert_eq!(parsed.arn(), text);
        assert_eq!(parsed.qualifier, Some(Qualifier::Version(Version::Latest)));
    }

    #[test]
    fn a_qualifier_in_both_places_must_agree() {
        assert!(parse("echo:live", Some("live")).is_ok());
        assert_eq!(parse("echo:live", Some("beta")), Err(FunctionRefError::QualifierMismatch));
    }

    #[test]
    fn what_is_no_function_is_refused() {
        for text in [
            "",
            "a b",
            "arn:aws:iam::000000000000:role/x",
            "arn:aws:lambda:us-east-1:000000000000:layer:x",
            "1:function:x",
        ] {
            assert_eq!(parse(text, None), Err(FunctionRefError::Malformed), "{text}");
        }
    }
}
