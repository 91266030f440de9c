using MudBlazor;

namespace EnergyTTT.Portal.Components.Layout;

/// <summary>What MudBlazor takes from us: the system's font and our corner radius. Colours come from the variables of portal.css, in both themes.</summary>
public static class PortalTheme
{
    private static readonly string[] Fonts = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Liberation Sans", "sans-serif"];

    /// <summary>The one theme.</summary>
    public static MudTheme Instance { get; } = new()
    {
        LayoutProperties = new() { DefaultBorderRadius = "4px" },
        Typography = new() { Default = new DefaultTypography { FontFamily = Fonts, FontSize = "0.875rem", LineHeight = "1.45", LetterSpacing = "normal" } },
    };
}
