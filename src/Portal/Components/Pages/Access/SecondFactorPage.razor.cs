using System.ComponentModel.DataAnnotations;
using EnergyTTT.History.Access;
using EnergyTTT.Portal.Access;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;

namespace EnergyTTT.Portal.Components.Pages.Access;

/// <summary>The second half of a sign-in of who has an authenticator. Wrong codes count as wrong passwords do.</summary>
public partial class SecondFactorPage
{
    private string? _problem;

    /// <summary>The door.</summary>
    [Inject] public required SignInManager<Person> Door { get; set; }

    /// <summary>Where to go next.</summary>
    [Inject] public required NavigationManager Navigation { get; set; }

    /// <summary>Where the person was going.</summary>
    [SupplyParameterFromQuery(Name = "return")] public string? Return { get; set; }

    /// <summary>1: the cookie outlives the browser.</summary>
    [SupplyParameterFromQuery(Name = "stay")] public string? Stay { get; set; }

    [SupplyParameterFromForm(Name = "Input", FormName = "second")] private SecondStep? Posted { get; set; }

    [CascadingParameter] private HttpContext? Request { get; set; }

    private SecondStep Input { get; set; } = new();

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        Input = Posted ?? Input;
        if (await Door.GetTwoFactorAuthenticationUserAsync() is null)
        {
            Navigation.NavigateTo("/sign-in");
        }
    }

    private async Task SignIn()
    {
        var code = new string([.. Input.Code.Where(character => !char.IsWhiteSpace(character))]);
        var isDigits = code.Length == 6 && code.All(char.IsAsciiDigit);
        var result = isDigits
            ? await Door.TwoFactorAuthenticatorSignInAsync(code, Stay == "1", rememberClient: false)
            : await Door.TwoFactorRecoveryCodeSignInAsync(code);
        if (result.Succeeded)
        {
            Navigation.NavigateTo(LocalAddress.Of(Return));
            return;
        }

        _problem = "The code is wrong or used. After five wrong ones the account rests for five minutes.";
        Input.Code = "";
    }

    /// <summary>What the form asks for.</summary>
    public sealed class SecondStep
    {
        /// <summary>Six digits, or a recovery code.</summary>
        [Required(ErrorMessage = "Enter a code.")]
        [StringLength(32, ErrorMessage = "A code has at most 32 characters.")]
        public string Code { get; set; } = "";
    }
}
