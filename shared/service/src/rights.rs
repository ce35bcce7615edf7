//! Every operation, and who may do it: one table. An operation of the API that is not in it cannot be called.

use crate::{KeyScope, StaffRole};

/// Who may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// A tenant's people of this role, or one above it.
    Staff(StaffRole),
    /// Those who operate the deployment.
    Operator,
    /// Whoever is signed in, as whatever: a tenant's people, its machines, operators, and who belongs to no tenant yet.
    SignedIn,
    /// Whoever has a link that is good for it; no token opens it.
    Link,
    /// Everybody, without a token.
    Public,
}

/// Makes of the table an operation each, their names as in the API document, who may do them, and the scope that a machine's key needs.
macro_rules! operations {
    ($($right:expr, $scope:expr => { $($name:ident = $id:literal, $does:literal;)+ })+) => {
        /// Something that people do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Operation {
            $($(#[doc = $does] $name,)+)+
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &[Self] = &[$($(Self::$name,)+)+];

            /// The operation of a name, where there is one.
            pub fn read(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|operation| operation.as_str() == name)
            }

            /// Its name: the API document's `operationId`, and what entries of the audit say.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$name => $id,)+)+
                }
            }

            /// Who may do it.
            pub fn right(self) -> Right {
                match self {
                    $($(Self::$name => $right,)+)+
                }
            }

            /// The scope that a machine's key needs for it; `None` for what no key opens.
            pub fn scope(self) -> Option<KeyScope> {
                match self {
                    $($(Self::$name => $scope,)+)+
                }
            }
        }
    };
}

use KeyScope::{Customers, Keys, Members, Messages, Propose, Read, Settings, Workflows};
use Right::{Link, Operator, Public, SignedIn, Staff};
use StaffRole::{Admin, Collector, Manager, Viewer};

operations! {
    Staff(Viewer), Some(Read) => {
        ListSources = "list_sources", "Lists the kinds of systems that can be connected.";
        ListConnections = "list_connections", "Lists the connections.";
        ShowConnection = "show_connection", "Shows how a connection's books are.";
        ListWebhooks = "list_webhooks", "Looks through the webhooks that came.";
        ListSenders = "list_senders", "Reads whom the tenant may send as.";
        ShowSettings = "show_settings", "Reads the settings.";
        ListWorkflows = "list_workflows", "Lists the published workflows.";
        ShowWorkflow = "show_workflow", "Reads a workflow.";
        ShowWorkflowVersion = "show_workflow_version", "Reads a version of a workflow.";
        ListWorkflowVersions = "list_workflow_versions", "Lists the versions of a workflow.";
        ListReadyWorkflows = "list_ready_workflows", "Lists the workflows that are ready to be taken over.";
        ListDrafts = "list_drafts", "Lists the drafts of workflows.";
        ShowDraft = "show_draft", "Reads the draft of a workflow.";
        ValidateWorkflow = "validate_workflow", "Asks the prover about a workflow.";
        PreviewMessage = "preview_message", "Renders a message for a customer as its sender would.";
        ListTemplates = "list_templates", "Lists the templates.";
        ShowTemplate = "show_template", "Reads a template.";
        ListTemplateVersions = "list_template_versions", "Lists the versions of a template.";
        PreviewTemplate = "preview_template", "Renders a template with made-up data.";
        ShowCustomer = "show_customer", "Reads a customer's matter by the source's id.";
        ShowDailyHealth = "show_daily_health", "Reads the daily record: what was counted, and the gate's self-test.";
        ExplainInvoice = "explain_invoice", "Explains why an invoice is, was or would be chased or not.";
        ExplainCase = "explain_case", "Explains the same of a case.";
        ExplainMessage = "explain_message", "Explains why a message was decided, and what became of it.";
        ShowCase = "show_case", "Reads a customer's matter by the id here.";
        ShowAgreement = "show_agreement", "Reads an agreement.";
        ShowPast = "show_past", "Reads what is known of a customer's closed invoices.";
        ShowContacts = "show_contacts", "Reads a customer's contacts, and what people entered of them.";
        ListLinks = "list_links", "Looks through a customer's portal links.";
        ListLinksOf = "list_links_of", "Looks through the portal links of a customer by the source's id.";
        ListNotices = "list_notices", "Looks through how people of the tenant were told of work.";
        ListServiceMails = "list_service_mails", "Looks through what was sent to whoever came by a customer's portal links.";
        ListSuppressions = "list_suppressions", "Looks through the addresses that must not be used.";
        ShowTask = "show_task", "Reads a task.";
        ListTaskCustomers = "list_task_customers", "Reads whom an exception concerns.";
        ListTasks = "list_tasks", "Reads the worklist.";
        ListMembers = "list_members", "Lists the tenant's people.";
        ShowMember = "show_member", "Reads one of the tenant's people.";
        ListCustomers = "list_customers", "Looks through the customers, or finds one by the source's id.";
        ShowCustomerById = "show_customer_by_id", "Reads a customer's matter under its own address.";
        ListInvoices = "list_invoices", "Looks through the invoices.";
        ShowInvoice = "show_invoice", "Reads an invoice.";
        ListPayments = "list_payments", "Looks through the payments.";
        ShowPayment = "show_payment", "Reads a payment.";
        ListBaskets = "list_baskets", "Looks through what a customer set out to pay here.";
        ShowBasket = "show_basket", "Reads what somebody set out to pay here, and how it stands.";
        ListCreditNotes = "list_credit_notes", "Looks through the credit notes.";
        ShowCreditNote = "show_credit_note", "Reads a credit note.";
        ListCases = "list_cases", "Looks through the cases.";
        ListMessages = "list_messages", "Looks through the messages of a day.";
        ShowMessage = "show_message", "Reads a message.";
        ListAgreements = "list_agreements", "Looks through the agreements of a kind.";
        Search = "search", "Finds customers and invoices by words.";
        ListJobs = "list_jobs", "Lists the jobs of kinds that they may start.";
        ShowJob = "show_job", "Watches a job of a kind that they may start.";
        FetchJobFile = "fetch_job_file", "Fetches the file that a job made of a kind that they may start.";
        ShowMessageWords = "show_message_words", "Reads what a person wrote, or said of a call or letter.";
        ListNotes = "list_notes", "Reads the notes on a customer.";
        ListRatings = "list_ratings", "Reads how easy a customer said it was to settle something.";
        ShowOwner = "show_owner", "Reads who a customer's owner is.";
        ListOwned = "list_owned", "Lists the customers that somebody owns.";
        ListAbsences = "list_absences", "Lists who is away, and who stands in.";
        ListTeams = "list_teams", "Lists the teams, and who of each is there today.";
        ListPlanOffers = "list_plan_offers", "Looks through the plans that a customer was offered.";
        ShowBulk = "show_bulk", "Reads what became of each line of an action in bulk.";
        ListReplies = "list_replies", "Looks through what a customer answered.";
        ShowReply = "show_reply", "Reads an answer of a customer.";
    }
    Staff(Viewer), Some(Customers) => {
        StartJob = "start_job", "Starts a job; `JOBS` says the role that each kind needs.";
        CancelJob = "cancel_job", "Cancels a job of a kind that they may start.";
    }
    Staff(Collector), Some(Read) => {
        ShowInvoicePdf = "show_invoice_pdf", "Fetches an invoice as PDF from the vendor.";
        FetchStatement = "fetch_statement", "Has a customer's statement made as PDF.";
        FetchInvoiceCopy = "fetch_invoice_copy", "Has a copy of an invoice made as PDF.";
        FetchCustomerFile = "fetch_customer_file", "Fetches a file that a customer sent.";
        ShowWebhook = "show_webhook", "Reads a webhook that came, with its body while that is kept.";
        ShowEvent = "show_event", "Reads an event that was put aside for a person.";
        ShowTestMessage = "show_test_message", "Reads what became of a test message.";
    }
    Staff(Collector), Some(Customers) => {
        PutHold = "put_hold", "Places a hold.";
        EndHold = "end_hold", "Ends a hold.";
        MakeAgreement = "make_agreement", "Makes an agreement.";
        ActOnAgreement = "act_on_agreement", "Does something with an agreement.";
        OfferPlan = "offer_plan", "Offers a customer to pay in parts.";
        WithdrawPlanOffer = "withdraw_plan_offer", "Takes an offer of a plan back.";
        TakePayment = "take_payment", "Writes down a payment that was taken by hand.";
        UndoPayment = "undo_payment", "Takes back that a payment was taken by hand.";
        CancelBasket = "cancel_basket", "Gives up what a customer set out to pay here.";
        RetryWriteBack = "retry_write_back", "Has a payment written into the books again that they refused.";
        JudgeEntry = "judge_entry", "Says whether an entry in the books is a payment that was taken here.";
        ActOnCharge = "act_on_charge", "Does something with a charge.";
        GiveOrder = "give_order", "Gives an order about a step or case.";
        AddContact = "add_contact", "Enters a contact of a customer.";
        ChangeContact = "change_contact", "Changes what is entered of a contact.";
        RemoveContact = "remove_contact", "Takes back what was entered of a contact.";
        StateConsent = "state_consent", "Enters that a contact agreed to a channel, or took that back.";
        ChangeCustomer = "change_customer", "Changes what is entered of a customer itself.";
        WithdrawOrder = "withdraw_order", "Takes an order back that no decision has used up.";
        AmendAgreement = "amend_agreement", "Changes day, amount or way of a promise.";
        UndoAgreement = "undo_agreement", "Undoes the last change of an agreement by a person.";
        AddNote = "add_note", "Makes a note.";
        EditNote = "edit_note", "Changes a note of one's own.";
        DeleteNote = "delete_note", "Takes a note away.";
        RestoreNote = "restore_note", "Puts a note back that was taken away.";
        AnswerNote = "answer_note", "Answers what a customer wrote by a portal link.";
        AcceptReply = "accept_reply", "Does what is suggested because of an answer.";
        DismissReply = "dismiss_reply", "Lets what is suggested because of an answer be.";
        LogContact = "log_contact", "Writes down a call or letter of one's own.";
        RaiseTask = "raise_task", "Raises a task, such as a follow-up on a day.";
        AssignTask = "assign_task", "Gives a task to somebody.";
        ReopenTask = "reopen_task", "Opens a task again that a person raised and ended.";
        SetEffectResult = "set_effect_result", "Says what became of an effect that a task stands for.";
        SetOwner = "set_owner", "Says who a customer's owner is.";
        SetAbsence = "set_absence", "Says when a member is away, and who stands in.";
        CreateUpload = "create_upload", "Gets a form that sends a file: for a message, or for a job that they may start.";
        EnterSuppression = "enter_suppression", "Enters that an address must not be used.";
        IssueLink = "issue_link", "Gives out a portal link.";
        RevokeLink = "revoke_link", "Makes a portal link void.";
        RevokeLinks = "revoke_links", "Makes the portal links of a customer void.";
        FinishTask = "finish_task", "Ends a task.";
        TestConnection = "test_connection", "Asks a connection's vendor whether it answers.";
        SendTestMessage = "send_test_message", "Sends a message to somebody of the tenant's own as a test.";
        TestEvent = "test_event", "Tries a connection with a webhook of Dunlin's own.";
    }
    Staff(Collector), Some(Propose) => {
        MakeProposal = "make_proposal", "Proposes an operation, which a person accepts or refuses.";
    }
    Staff(Collector), Some(Messages) => {
        WriteMessage = "write_message", "Writes a message to a customer.";
        UndoMessage = "undo_message", "Takes a message back that has not left.";
        ClaimMessage = "claim_message", "Claims a message for a sender of one's own.";
        SetMessageResult = "set_message_result", "Says what became of a message.";
    }
    Staff(Manager), Some(Read) => {
        ListAudit = "list_audit", "Looks through what people did.";
        ExportAudit = "export_audit", "Exports what people did.";
    }
    Staff(Manager), Some(Customers) => {
        LiftSuppression = "lift_suppression", "Lets an address be used again.";
        ApplyWebhook = "apply_webhook", "Applies a webhook again that was put aside.";
        ApplyEvent = "apply_event", "Applies an event again that was put aside.";
        HandOver = "hand_over", "Gives all customers and open tasks of one owner to another.";
        FindKeyAccounts = "find_key_accounts", "Gives key accounts to a person, and others back to automation.";
        RunBulk = "run_bulk", "Does something with many customers at once.";
        UndoBulk = "undo_bulk", "Undoes what was done with many customers at once.";
    }
    Staff(Manager), Some(Workflows) => {
        PutWorkflow = "put_workflow", "Publishes a workflow.";
        BeginDraft = "begin_draft", "Begins the draft of a workflow from another one.";
        PutDraft = "put_draft", "Stores the draft of a workflow.";
        DropDraft = "drop_draft", "Throws the draft of a workflow away.";
        PublishWorkflow = "publish_workflow", "Publishes the draft of a workflow, or gives the version that is out to more cases.";
        RollBackWorkflow = "roll_back_workflow", "Publishes an earlier version of a workflow again.";
        UnpublishWorkflow = "unpublish_workflow", "Takes a workflow out of use.";
        PutTemplate = "put_template", "Stores a template.";
        ArchiveTemplate = "archive_template", "Puts a template away.";
        ResetBreaker = "reset_breaker", "Closes the circuit breaker.";
        Pause = "pause", "Turns the kill switch on.";
        Resume = "resume", "Lifts the kill switch.";
        SimulateWorkflow = "simulate_workflow", "Plays the days to come by another version of a workflow.";
    }
    Staff(Admin), Some(Read) => {
        FindContact = "find_contact", "Finds a person across customers by an address.";
        ExportContact = "export_contact", "Exports everything that is known of a person.";
    }
    Staff(Admin), Some(Customers) => {
        EraseContact = "erase_contact", "Erases a person.";
        ResetVersion = "reset_version", "Lets a source say an object anew whose version was wrong.";
    }
    Staff(Admin), Some(Settings) => {
        PatchSettings = "patch_settings", "Changes some of the settings.";
        PutSettings = "put_settings", "Stores the settings.";
        PutConnection = "put_connection", "Makes a connection or rotates its secret.";
        AuthorizeConnection = "authorize_connection", "Begins a sign-in at a vendor.";
        ConfirmConnection = "confirm_connection", "Ends a sign-in that they began: the company is theirs.";
        DeleteConnection = "delete_connection", "Ends a connection.";
        BackfillConnection = "backfill_connection", "Asks for closed invoices and payments of the past.";
        PutWriteBack = "put_write_back", "Says whether payments that were taken here are written into the books.";
        ListNoticeChannels = "list_notice_channels", "Lists the channels that notices go to.";
        PutNoticeChannel = "put_notice_channel", "Enters the address of a channel that notices go to.";
        DeleteNoticeChannel = "delete_notice_channel", "Takes a channel away that notices go to.";
        ListSubscriptions = "list_subscriptions", "Lists the subscriptions to events.";
        ShowSubscription = "show_subscription", "Reads a subscription to events.";
        MakeSubscription = "make_subscription", "Makes a subscription to events.";
        ChangeSubscription = "change_subscription", "Changes a subscription to events.";
        RotateSubscription = "rotate_subscription", "Gives a subscription a new secret.";
        DeleteSubscription = "delete_subscription", "Deletes a subscription to events.";
        ListDeliveries = "list_deliveries", "Lists what was delivered to a subscription.";
        ReplayDeliveries = "replay_deliveries", "Delivers events to a subscription again.";
        TestSubscription = "test_subscription", "Has a sample of an event delivered to a subscription.";
    }
    Staff(Admin), Some(Members) => {
        AddMember = "add_member", "Makes somebody a member.";
        ChangeMember = "change_member", "Changes a member's role or name.";
        RemoveMember = "remove_member", "Removes a member.";
        ListInvitations = "list_invitations", "Lists the invitations that nobody has accepted yet.";
        InviteMember = "invite_member", "Invites somebody by their address.";
        WithdrawInvitation = "withdraw_invitation", "Takes an invitation back.";
    }
    Staff(Admin), Some(Keys) => {
        ListKeys = "list_keys", "Lists the keys of machines.";
        MakeKey = "make_key", "Makes a key for a machine.";
        RotateKey = "rotate_key", "Gives a key a new secret.";
        RevokeKey = "revoke_key", "Ends a key.";
    }
    SignedIn, Some(Read) => {
        ShowMe = "show_me", "Says who calls, and what they may do.";
    }
    Operator, None => {
        ListApps = "list_apps", "Lists the vendors' apps.";
        PutApp = "put_app", "Stores what a vendor shows for its app.";
        ShowTenantSenders = "show_tenant_senders", "Reads whom a tenant may send as.";
        PutTenantSenders = "put_tenant_senders", "Lists whom a tenant may send as.";
        ShowCompany = "show_company", "Looks whose a company is.";
        FreeCompany = "free_company", "Takes a company from the tenant that is connected to it.";
        ListAppTasks = "list_app_tasks", "Reads the worklist of what no tenant could be found for.";
        ListAppAudit = "list_app_audit", "Looks through what operators did.";
        FinishAppTask = "finish_app_task", "Ends a task of that worklist.";
    }
    Link, None => {
        EndSignIn = "end_sign_in", "Comes back from a vendor's sign-in.";
    }
    Public, None => {
        ShowDocument = "show_document", "Reads the API document.";
        ShowDocumentPage = "show_document_page", "Shows the API document as a page.";
        ShowProtectedResource = "show_protected_resource", "Says whose tokens the API takes.";
        ShowAssistantsResource = "show_assistants_resource", "Says whose tokens the endpoint of assistants takes.";
    }
}

/// Who may start a kind of job, and see what it came to: a tenant's people of this role, or one above it.
pub const JOBS: &[(&str, StaffRole)] = &[
    ("audit_book", Manager),
    ("audit_export", Manager),
    ("bulk", Manager),
    ("import", Admin),
    ("reconcile", Manager),
    ("simulate", Manager),
    ("training_book", Admin),
    ("undo_bulk", Manager),
];
