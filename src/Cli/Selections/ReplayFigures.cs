namespace EnergyTTT.Cli.Selections;

/// <summary>What a selection did to a recording.</summary>
/// <param name="Distinct">Mean distinct experts per layer and step.</param>
/// <param name="MassMean">Mean retained gate mass over tokens.</param>
/// <param name="MassMin">Least retained gate mass of any token.</param>
internal readonly record struct ReplayFigures(double Distinct, double MassMean, double MassMin)
{
    public override string ToString() => $"{Distinct:0.00} / {MassMean:0.0000} / {MassMin:0.000}";
}
