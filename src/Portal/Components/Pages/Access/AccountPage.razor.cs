using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using EnergyTTT.Contracts.Access;
using EnergyTTT.History.Access;
using EnergyTTT.Portal.Access;
using EnergyTTT.Wire.Access;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging;

namespace EnergyTTT.Portal.Components.Pages.Access;

/// <summary>A person's own account: password, second factor, passkeys, sessions and own keys. Every form is a plain post: it works without a circuit.</summary>
public partial class AccountPage
{
    private const int RecoveryCodes = 10;
    private const int MostPasskeys = 20;

    private List<string> _problems = [];
    private IList<string> _roles = [];
    private IList<UserPasskeyInfo> _passkeys = [];
    private List<string> _scopes = [];
    private List<string> _recoveryCodes = [];
    private ImmutableArray<SessionInfo> _sessions = [];
    private ImmutableArray<ApiKeyInfo> _keys = [];
    private string _name = "";
    private string? _done;
    private string? _own;
    private string? _secret;
    private string _key = "";
    private string _codePath = "";
    private int _codeSize;
    private int _codesLeft;
    private bool _hasAuthenticator;
    private bool _hasPassword;

    /// <summary>The people.</summary>
    [Inject] public required UserManager<Person> People { get; set; }

    /// <summary>The door.</summary>
    [Inject] public required SignInManager<Person> Door { get; set; }

    /// <summary>Who knows the sessions.</summary>
    [Inject] public required Sessions Sessions { get; set; }

    /// <summary>Who knows the keys.</summary>
    [Inject] public required ApiKeys Keys { get; set; }

    /// <summary>The clock.</summary>
    [Inject] public required TimeProvider Clock { get; set; }

    /// <summary>Where to go next.</summary>
    [Inject] public required NavigationManager Navigation { get; set; }

    /// <summary>The log.</summary>
    [Inject] public required ILogger<AccountPage> Logger { get; set; }

    [SupplyParameterFromForm(Name = "Input", FormName = "password")] private NewPassword? Posted { get; set; }

    [SupplyParameterFromForm(FormName = "factor")] private string? Proof { get; set; }

    [SupplyParameterFromForm(FormName = "factor")] private string? Deed { get; set; }

    [SupplyParameterFromForm(FormName = "enrol")] private string? Code { get; set; }

    [SupplyParameterFromForm(FormName = "passkey-remove")] private string? Remove { get; set; }

    [SupplyParameterFromForm(FormName = "passkey-add")] private string? Credential { get; set; }

    [SupplyParameterFromForm(FormName = "passkey-add")] private string? PasskeyName { get; set; }

    [SupplyParameterFromForm(FormName = "session-end")] private string? End { get; set; }

    [SupplyParameterFromForm(FormName = "key-revoke")] private string? Revoke { get; set; }

    [SupplyParameterFromForm(FormName = "key-make")] private string? KeyRole { get; set; }

    [SupplyParameterFromForm(FormName = "key-make")] private int? KeyDays { get; set; }

    [CascadingParameter] private HttpContext? Request { get; set; }

    private NewPassword Input { get; set; } = new();

    private Person? Self { get; set; }

    private string By => Actors.Of(_name);

    // Of the roles that count in this session: one that waits for a second factor makes no keys.
    private IEnumerable<string> KeyRoles => PersonRoles.All.Where(role => PersonRoles.Weaker(role, [.. _roles.Where(held => Request?.User.IsInRole(held) == true)]) == role);

    private bool LacksFactor => Request?.User.HasClaim(claim => claim.Type == SecondFactorRule.Missing) == true;

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        Input = Posted ?? Input;
        Self = Request is null ? null : await People.GetUserAsync(Request.User);
        await Look();
    }

    private async Task Look()
    {
        if (Self is null || Request is null)
        {
            return;
        }

        _name = Self.UserName ?? "";
        _roles = await People.GetRolesAsync(Self);
        _scopes = [.. (await People.GetClaimsAsync(Self)).Where(claim => claim.Type == Caller.ScopeClaim).Select(claim => claim.Value)];
        _own ??= SessionCookie.Of(Request.User);
        _hasPassword = await People.HasPasswordAsync(Self);
        _hasAuthenticator = await People.GetTwoFactorEnabledAsync(Self);
        _codesLeft = await People.CountRecoveryCodesAsync(Self);
        _passkeys = await People.GetPasskeysAsync(Self);
        _sessions = await Sessions.List(Self.Id, Request.RequestAborted);
        var now = Clock.GetUtcNow();
        _keys = [.. (await Keys.List(Request.RequestAborted)).Where(key => key.Owner == By && key.Revoked is null && (key.Expires is null || key.Expires > now))];
        if (!_hasAuthenticator && _hasPassword)
        {
            var key = await People.GetAuthenticatorKeyAsync(Self);
            if (string.IsNullOrEmpty(key))
            {
                // Laid where Identity looks for it. Its own way would end the person's other sessions, and nothing is turned on yet.
                key = People.GenerateNewAuthenticatorKey();
                await People.SetAuthenticationTokenAsync(Self, "[AspNetUserStore]", "AuthenticatorKey", key);
            }

            _key = Authenticators.Grouped(key);
            _codePath = Authenticators.Path(Authenticators.Address(_name, key), out _codeSize);
        }
    }

    private Task Change() => Do(async self =>
    {
        var result = await People.ChangePasswordAsync(self, Input.Current, Input.Password);
        if (!result.Succeeded)
        {
            _problems = [.. result.Errors.Select(error => error.Code == "PasswordMismatch" ? "The current password is wrong." : error.Description)];
            return;
        }

        PasswordChanged(Logger, self.Id);
        await EndOthers(self);
        Input = new();
        _done = "The password is changed. Other sessions of yours end within half a minute.";
    });

    private Task Enrol() => Do(async self =>
    {
        var digits = new string([.. (Code ?? "").Where(char.IsAsciiDigit)]);
        if (!await People.VerifyTwoFactorTokenAsync(self, TokenOptions.DefaultAuthenticatorProvider, digits))
        {
            _problems = ["These are not the digits that the authenticator shows now. Is the clock of the device right?"];
            return;
        }

        await People.SetTwoFactorEnabledAsync(self, true);
        _recoveryCodes = [.. await People.GenerateNewTwoFactorRecoveryCodesAsync(self, RecoveryCodes) ?? []];
        await EndOthers(self);
        _done = "The authenticator is on. Other sessions of yours have ended.";
    });

    private Task ChangeFactor() => Do(async self =>
    {
        if (!await People.CheckPasswordAsync(self, Proof ?? ""))
        {
            await People.AccessFailedAsync(self);
            _problems = ["The password is wrong."];
            return;
        }

        if (Deed == "off")
        {
            await People.SetTwoFactorEnabledAsync(self, false);
            await People.ResetAuthenticatorKeyAsync(self);
            await EndOthers(self);
            _done = "The authenticator is off. Other sessions of yours have ended.";
        }
        else
        {
            _recoveryCodes = [.. await People.GenerateNewTwoFactorRecoveryCodesAsync(self, RecoveryCodes) ?? []];
            _done = "The old recovery codes are worth nothing now.";
        }
    });

    private Task AddPasskey() => Do(async self =>
    {
        if (_passkeys.Count >= MostPasskeys)
        {
            _problems = [$"You have {MostPasskeys} passkeys; remove one first."];
            return;
        }

        var attested = string.IsNullOrEmpty(Credential) ? null : await Door.PerformPasskeyAttestationAsync(Credential);
        if (attested is not { Succeeded: true })
        {
            _problems = ["The passkey was not accepted: " + (attested?.Failure?.Message ?? "the browser sent none.")];
            return;
        }

        attested.Passkey.Name = string.IsNullOrWhiteSpace(PasskeyName) ? "Passkey" : PasskeyName.Trim()[..Math.Min(100, PasskeyName.Trim().Length)];
        var kept = await People.AddOrUpdatePasskeyAsync(self, attested.Passkey);
        _problems = [.. kept.Errors.Select(error => error.Description)];
        _done = kept.Succeeded ? "The passkey is kept. It signs you in from now on." : null;
    });

    private Task RemovePasskey() => Do(async self =>
    {
        var passkey = (await People.GetPasskeysAsync(self)).FirstOrDefault(one => Convert.ToHexStringLower(one.CredentialId) == Remove);
        if (passkey is not null)
        {
            await People.RemovePasskeyAsync(self, passkey.CredentialId);
            _done = "The passkey is removed here. Remove it from the device too.";
        }
    });

    private Task EndSession() => Do(async self =>
    {
        if (End == "others")
        {
            _done = $"{await Sessions.EndAll(self.Id, _name, _own, By, CancellationToken.None)} sessions have ended.";
        }
        else if (End is { Length: > 0 } id && await Sessions.End(self.Id, _name, id, By, CancellationToken.None))
        {
            _done = "The session has ended.";
        }
    });

    private Task MakeKey() => Do(async self =>
    {
        if (KeyRole is null || !KeyRoles.Contains(KeyRole) || KeyDays is not (>= 1 and <= 365))
        {
            _problems = [$"A key has a role of yours ({string.Join(", ", KeyRoles)}) and ends after 1 to 365 days."];
            return;
        }

        try
        {
            _secret = (await Keys.Create(new ApiKeyRequest(KeyRole, By, CreatedBy: By, Expires: Clock.GetUtcNow().AddDays(KeyDays.Value)), CancellationToken.None)).Secret.Text;
        }
        catch (ApiKeyLimitException)
        {
            _problems = ["You have two live keys. Revoke one of them first."];
        }
    });

    private Task RevokeKey() => Do(async _ =>
    {
        // Of the own keys alone: an id that somebody typed into the form is none of them.
        if (_keys.Any(key => key.Id == Revoke) && await Keys.Revoke(Revoke!, By, CancellationToken.None)) // one of the keys has it
        {
            _done = $"The key {Revoke} is revoked.";
        }
    });

    private async Task SignOut()
    {
        await Door.SignOutAsync();
        Navigation.NavigateTo("/sign-in");
    }

    private async Task Do(Func<Person, Task> deed)
    {
        if (Self is not null)
        {
            await deed(Self);
            await Look();
        }
    }

    // What the person proved ends whatever else was open; this session goes on under a new name.
    private async Task EndOthers(Person self)
    {
        await Sessions.EndAll(self.Id, _name, _own, By, CancellationToken.None);
        await Renew();
    }

    private async Task Renew()
    {
        Request!.Items[SessionCookie.MethodItem] = Request.User.FindFirst(SessionCookie.MethodClaim)?.Value; // a posted form has a request
        await Door.RefreshSignInAsync(Self!); // called for somebody
        _own = Request?.Items[SessionCookie.RenewedItem] as string ?? _own;
    }

    [LoggerMessage(LogLevel.Information, "Person {Person} changed the password")]
    private static partial void PasswordChanged(ILogger logger, Guid person);

    /// <summary>What the form asks for.</summary>
    public sealed class NewPassword
    {
        /// <summary>The password so far.</summary>
        [Required(ErrorMessage = "Enter your current password.")]
        public string Current { get; set; } = "";

        /// <summary>The password from now on.</summary>
        [Required(ErrorMessage = "Choose a password.")]
        [StringLength(256, MinimumLength = 12, ErrorMessage = "A password has at least 12 characters.")]
        public string Password { get; set; } = "";

        /// <summary>The password again.</summary>
        [Compare(nameof(Password), ErrorMessage = "The two passwords differ.")]
        public string Repeat { get; set; } = "";
    }
}
