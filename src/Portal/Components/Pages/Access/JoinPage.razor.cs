using System.ComponentModel.DataAnnotations;
using EnergyTTT.Portal.Access;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;

namespace EnergyTTT.Portal.Components.Pages.Access;

/// <summary>The other end of an invitation: whoever holds it chooses a password, once. The token travels behind the number sign of the link, which browsers send to nobody.</summary>
public partial class JoinPage
{
    private string? _problem;

    /// <summary>Who knows the invitations.</summary>
    [Inject] public required PeopleKeeper People { get; set; }

    /// <summary>The people of this request.</summary>
    [Inject] public required UserManager<History.Access.Person> Known { get; set; }

    /// <summary>The door.</summary>
    [Inject] public required SignInManager<History.Access.Person> Door { get; set; }

    /// <summary>Where to go next.</summary>
    [Inject] public required NavigationManager Navigation { get; set; }

    [SupplyParameterFromForm(Name = "Input", FormName = "join")] private NewPassword? Posted { get; set; }

    [CascadingParameter] private HttpContext? Request { get; set; }

    private NewPassword Input { get; set; } = new();

    /// <inheritdoc/>
    protected override void OnInitialized() => Input = Posted ?? Input;

    private async Task Join()
    {
        var accepted = await People.Accept(Input.Token.Trim(), Input.Password, Request?.RequestAborted ?? default);
        if (accepted.Code is not null)
        {
            _problem = accepted.Fault;
            return;
        }

        // Whoever has a second factor, or is disabled, goes through the door like everybody.
        var signedIn = await Known.FindByIdAsync(accepted.Person!.Id.ToString()) is { UserName: { } name } // accepted, so there is one
            ? await Door.PasswordSignInAsync(name, Input.Password, isPersistent: false, lockoutOnFailure: false)
            : SignInResult.Failed;
        Navigation.NavigateTo(signedIn.Succeeded ? "/" : signedIn.RequiresTwoFactor ? "/sign-in/second" : "/sign-in");
    }

    /// <summary>What the form asks for.</summary>
    public sealed class NewPassword
    {
        /// <summary>The invitation.</summary>
        [Required(ErrorMessage = "Enter the invitation: the part of the link behind the number sign.")]
        public string Token { get; set; } = "";

        /// <summary>The password.</summary>
        [Required(ErrorMessage = "Choose a password.")]
        [StringLength(256, MinimumLength = 12, ErrorMessage = "A password has at least 12 characters.")]
        public string Password { get; set; } = "";

        /// <summary>The password again.</summary>
        [Compare(nameof(Password), ErrorMessage = "The two passwords differ.")]
        public string Repeat { get; set; } = "";
    }
}
