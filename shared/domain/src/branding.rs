//! How each of a tenant's legal entities shows itself.

use crate::{BrandSettings, Settings};

impl Settings {
    /// How a legal entity shows itself: each part its own, else the tenant's. The tenant's mark and particulars stand under the tenant's name alone:
    /// under another company's they would say what is not so.
    pub fn brand_of(&self, legal_entity: &str) -> BrandSettings {
        let own = self.legal_entities.get(legal_entity).map(|entity| entity.brand.clone()).unwrap_or_default();
        let is_tenant = self.name_of(legal_entity) == self.name;
        let of_tenant = |part: &Option<String>| part.clone().filter(|_| is_tenant);
        BrandSettings {
            colour: own.colour.or_else(|| self.brand.colour.clone()),
            logo: own.logo.or_else(|| of_tenant(&self.brand.logo)),
            particulars: own.particulars.or_else(|| of_tenant(&self.brand.particulars)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_company_shows_what_is_its_own_and_nothing_that_is_anothers() {
        let settings: Settings = serde_json::from_value(serde_json::json!({
            "name": "Acme",
            "brand": {"colour": "#0b5d4a", "logo": "data:image/png;base64,iVBORw0KGgo=", "particulars": "Acme Ltd"},
            "legal_entities": {
                "berlin": {"name": "Acme Berlin GmbH"},
                "oslo": {"name": "Acme Oslo AS", "brand": {"colour": "#1a56b0", "particulars": "Acme Oslo AS\nOrg. 000"}},
                "bill": {"reply_to": "bills@acme.example"},
            },
        }))
        .expect("settings");
        for (entity, colour, has_logo, particulars) in [
            ("", "#0b5d4a", true, Some("Acme Ltd")),
            ("unknown", "#0b5d4a", true, Some("Acme Ltd")),
            // Under the tenant's own name stand the tenant's own mark and particulars.
            ("bill", "#0b5d4a", true, Some("Acme Ltd")),
            ("berlin", "#0b5d4a", false, None),
            ("oslo", "#1a56b0", false, Some("Acme Oslo AS\nOrg. 000")),
        ] {
            let brand = settings.brand_of(entity);
            assert_eq!(brand.colour.as_deref(), Some(colour), "{entity}");
            assert_eq!((brand.logo.is_some(), brand.particulars.as_deref()), (has_logo, particulars), "{entity}");
        }
        assert!(Settings::named("Acme").brand_of("").is_usual());
    }
}
